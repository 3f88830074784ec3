"""The network of notebook 00, two scalars, and the values with which its explorer begins."""

from pathlib import Path

import nbformat
import numpy as np

from bptt_lab import Network

TWO = Network(
    """
    a1[t] = W0 * x[t] + W11 * h1[t-1] + b0
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t] + b1
    L[t]  = mse(a2[t], y[t])
    """,
    sizes=dict(x=1, h1=1, a2=1),
)
VALUES = dict(W0=[0.3], W11=[0.9], b0=[0.1], W1=[1.2], b1=[-0.2], x=np.array([[0.5], [-1.0], [0.8]]))
VALUES |= {"y": np.array([[0.6], [0.4], [-0.5]]), "h1[0]": [0.7]}
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def pieces(path):
    """Return what a stored notebook holds to explore, as HTML."""
    stored = nbformat.read(path, as_version=4)
    texts = [out.get("data", {}).get("text/html", "") for cell in stored.cells for out in cell.get("outputs", [])]
    return [text for text in texts if 'class="bptt-explorer"' in text]


HOLDERS = [path.name[:2] for path in sorted(NOTEBOOKS.glob("*.ipynb")) if pieces(path)]
# what is wider than its place, and scrolls in no part of its own
RUN_OFF = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.dataset.explorer)"


def answers(explorer):
    """Ask an explorer of a network on a page to answer to the mouse, to keys and to a slider."""
    page, box = explorer.page, explorer.locator(".box").nth(1)
    box.click()
    assert "chosen" in box.get_attribute("class")
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.closest('.box')?.getAttribute('aria-label')")
    assert focused and focused != box.get_attribute("aria-label")
    total, slider = explorer.locator(".total"), explorer.locator(".row input").first
    loss = total.inner_text()
    slider.press("End" if float(slider.input_value()) <= 0 else "Home")
    page.wait_for_function("([one, loss]) => one.textContent !== loss", arg=[total.element_handle(), loss])
    explorer.get_by_role("button", name="Reset", exact=True).press("Enter")
    assert total.inner_text() == loss
