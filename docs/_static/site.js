// Wakes the explorers when they are scrolled to, and lets boxes that scroll be reached by keyboard.

const HERE = document.currentScript.src.replace(/[^/]*$/, "");
const bpttExplorers = (window.bpttExplorers = { mounts: {}, given: {} });
const asked = new Map();

function load(file) {
  if (!asked.has(file)) {
    asked.set(file, new Promise((done, failed) => {
      const isStyle = file.endsWith(".css");
      const made = document.createElement(isStyle ? "link" : "script");
      if (isStyle) made.rel = "stylesheet";
      made[isStyle ? "href" : "src"] = `${HERE}explorers/${file}`;
      made.onload = done;
      made.onerror = failed;
      document.head.append(made);
    }));
  }
  return asked.get(file);
}

async function wake(root) {
  const { explorer, edition } = root.dataset;
  await Promise.all([`module-${edition}.css`, `module-${edition}.js`, `${explorer}.js`].map(load));
  if (!root.dataset.alive) bpttExplorers.mounts[edition](root, ...bpttExplorers.given[explorer]);
}

const near = new IntersectionObserver((seen) => {
  for (const { target } of seen.filter((one) => one.isIntersecting)) {
    near.unobserve(target);
    wake(target); // where it cannot be loaded, the picture stays
  }
}, { rootMargin: "300px" });

const SCROLLING = ".formula-box, .table-wrapper, pre, .formula, .cell_output figure, .sidebar-scroll, .toc-scroll, .bptt-explorer .wide";

function reach() {
  for (const box of document.querySelectorAll(SCROLLING)) {
    if (box.matches(".formula")) {
      const room = box.closest("p, li, td, dd, h1, h2, h3, h4, figcaption");
      if (room && !box.closest("table")) box.classList.toggle("wide", box.firstElementChild.getBoundingClientRect().width > room.clientWidth + 1);
    }
    const scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
    if (scrolls || box.matches(".sidebar-scroll, .toc-scroll")) box.tabIndex = 0;
    else if (box.tabIndex === 0) box.removeAttribute("tabindex");
  }
}

document.querySelectorAll(".bptt-explorer[data-edition]").forEach((root) => near.observe(root));
reach();
addEventListener("load", reach);
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

// A page that is come back to has its menus closed
addEventListener("pageshow", () => {
  for (const menu of document.querySelectorAll("#__navigation, #__toc")) menu.checked = false;
});
