// Light and dark: as the page behind it is

function follow(root) {
  const look = () => {
    let behind = root;
    while (behind && /^(transparent|rgba\(.*, 0\))$/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    if (behind) root.style.setProperty("--behind", getComputedStyle(behind).backgroundColor);
    const [r, g, b] = (behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)").match(/[\d.]+/g).map(Number);
    root.dataset.light = 0.3 * r + 0.59 * g + 0.11 * b > 110;
  };
  look();
  new MutationObserver(look).observe(document.body, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
}

// `programs`: one for each number of steps; only the explorer of a network has some

function mount(root, data, programs) {
  root.explorer = data.lines ? new Walk(root, data) : data.sliders ? new Curves(root, data) : new Explorer(root, data, programs);
  root.dataset.alive = "true";
  follow(root);
}
