// Parts of a page: elements, formulas, numbers as they are read

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "rect", "text", "circle", "title", "line", "marker", "defs"]);
const DASHES = ["", "9 4", "2 3", "10 3 2 3", "5 2 2 2 2 2"]; // with the hue: a path is told apart without colour

function part(name, attributes = {}, ...children) {
  const made = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// Write what has changed, into the node that is there: a drag writes a hundred numbers a frame

function put(made, text) {
  if (made.firstChild?.data === undefined) made.textContent = text;
  else if (made.firstChild.data !== text) made.firstChild.data = text;
}

function mark(made, name, value) {
  if (made.getAttribute(name) !== value) made.setAttribute(name, value);
}

function formula(mathml) {
  const made = part("span", { class: "formula" });
  made.innerHTML = mathml; // made by the package: what a reader typed is escaped there
  return made;
}

function shown(number) {
  if (!Number.isFinite(number)) return "not a number";
  const small = Math.abs(number) < 0.0005 ? 0 : number;
  const text = Math.abs(small) >= 1000 ? small.toPrecision(3) : small.toFixed(3);
  return text.replace("-", "\u2212");
}

const factor = (number) => (number < 0 ? `(${shown(number)})` : shown(number));

const listed = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;

function proof(words) {
  return part("details", { class: "verdict" }, part("summary", {}, "How this was proved"), words);
}

function swatch(hue, words) {
  const line = part("path", { d: "M1,5 H27", "stroke-dasharray": DASHES[hue % DASHES.length] });
  return part("svg", { viewBox: "0 0 28 10", class: "swatch", role: "img", "aria-label": words, "data-hue": hue % DASHES.length }, line);
}
