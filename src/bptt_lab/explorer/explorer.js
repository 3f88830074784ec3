// The explorer: an unrolled network that answers. Data and programs come from the machine's derivation (page.py):
// nothing here knows a formula. `v` holds values, `m` immediate derivatives, `d` total derivatives, by entry.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "rect", "text", "circle", "title", "line", "marker", "defs"]);
const DASHES = ["", "9 4", "2 3", "10 3 2 3", "5 2 2 2 2 2"]; // with the hue: a path is told apart without colour
const POINTS = 33; // of a curve
const LAST = "Nothing comes after it: the loss is the sum of all of these, so its derivative by this one is 1.";
const MOST_PATHS = 64;
const LEGEND =
  "In a box: a value, and D, the total derivative of the loss by it. Round corners: computed; square: given; dotted: a given state; " +
  "dashes: a weight, whose arrows are seen when it is chosen. On an arrow: the weight that multiplies.";
const LOSSES = "Backwards, from the losses: the loss is their sum, so its derivative by each is 1.";
const OVER = "T was changed, so the game is over.";
const HIDDEN = "Derivatives appear when they have been derived; the weights on the arrows when they are no answer any more.";
const TICK = 1200; // milliseconds between two deltas

// Parts of a page

function part(name, attributes = {}, ...children) {
  const made = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
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

// Numbers

function fresh(data, T, programs) {
  const graph = data.graphs[T];
  const numbers = { v: new Float64Array(graph.entries.length), m: new Float64Array(graph.edges.length) };
  return { graph, program: programs[T], ...numbers, d: new Float64Array(graph.entries.length), loss: 0 };
}

function compute(now, values) {
  now.graph.entries.forEach((entry, k) => {
    if (entry.key) now.v[k] = values[entry.key];
  });
  now.program.forward(now.v);
  now.program.slopes(now.v, now.m);
  now.program.backward(now.m, now.d);
  now.loss = now.program.loss(now.v);
}

function curve(now, k, [low, high]) {
  const v = now.v.slice();
  return Array.from({ length: POINTS }, (_, n) => {
    v[k] = low + ((high - low) * n) / (POINTS - 1);
    now.program.forward(v);
    return [v[k], now.program.loss(v)];
  });
}

// Paths: a share is the product of the immediate derivatives along it, over all entries on the way

function paths(now, place) {
  const found = [];
  const walk = (path) => {
    const last = path[path.length - 1];
    if (now.graph.places[last].kind === "loss") found.push(path);
    if (found.length <= MOST_PATHS) now.users[last].forEach((user) => walk([...path, user]));
  };
  walk([place]);
  return found;
}

function share(now, entry, path) {
  let carried = new Map([[entry, 1]]);
  for (const place of path.slice(1)) {
    const next = new Map();
    for (const [above, weight] of carried) {
      for (const [below, edge] of now.leading[above]) {
        if (now.graph.entries[below].place === place) next.set(below, (next.get(below) ?? 0) + weight * now.m[edge]);
      }
    }
    carried = next;
  }
  return [...carried.values()].reduce((sum, one) => sum + one, 0);
}

function connect(now) {
  const { places, entries, rules } = now.graph;
  const reached = (place) => place.entries.flatMap((entry) => rules[entry].terms.map((term) => entries[term.entry].place));
  now.users = places.map((place) => [...new Set(reached(place))]); // in the order of the terms
  now.leading = now.graph.entries.map(() => []);
  now.graph.edges.forEach(([below, above], edge) => now.leading[above].push([below, edge]));
}

// The picture of an unrolled network: boxes and arrows, reached by one stop of the tabulator and the arrow keys

class Picture {
  constructor(id, graph, acts) {
    Object.assign(this, { id, graph, acts });
    const { places, arrows, half } = graph;
    const xs = places.map((place) => place.at[0]), ys = places.map((place) => place.at[1]);
    const [left, top] = [Math.min(...xs) - half[0] - 14, Math.min(...ys) - half[1] - 14];
    const [wide, high] = [Math.max(...xs) + half[0] + 14 - left, Math.max(...ys) + half[1] + 14 - top];
    this.arrows = arrows.map((arrow) => this.drawArrow(arrow));
    this.boxes = places.map((place, k) => this.drawBox(place, k));
    const says = `The network unrolled over ${graph.T} steps. Arrow keys move from box to box.`;
    const shape = { viewBox: `${left} ${top} ${wide} ${high}`, role: "group", "aria-label": says };
    this.svg = part("svg", shape, part("defs", {}, this.head()), ...this.arrows, ...this.boxes);
    this.svg.style.maxWidth = `${Math.round(wide)}px`;
    this.svg.style.minWidth = `${Math.round(0.72 * wide)}px`; // its text stays readable; a narrow page scrolls it
  }

  head() {
    const size = { viewBox: "0 0 8 7", refX: 7, refY: 3.5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" };
    return part("marker", { id: `${this.id}-head`, ...size }, part("path", { d: "M0,0 L8,3.5 L0,7 z", fill: "context-stroke" }));
  }

  drawArrow(arrow) {
    const line = arrow.path.map((point) => point.join(",")).join(" L");
    const [x, y] = arrow.middle;
    const quiet = this.graph.places[arrow.from].kind === "parameter";
    const label = arrow.weight ? part("text", { x: x + 5, y: y - 3, class: "weight" }, arrow.weight) : null;
    const path = part("path", { d: `M${line}`, "marker-end": `url(#${this.id}-head)` });
    return part("g", { class: quiet ? "arrow quiet" : "arrow" }, path, label);
  }

  drawBox(place, k) {
    const [x, y] = place.at, [wide, high] = this.graph.half;
    const text = (dy, name) => part("text", { x, y: y + dy, class: name, "text-anchor": "middle" });
    const acts = {
      onclick: () => { this.stop = k; this.acts.press(k); },
      onfocus: () => { this.stop = k; this.acts.enter(k); },
      onkeydown: (event) => this.key(event, k),
    };
    const rect = part("rect", { x: x - wide, y: y - high, width: 2 * wide, height: 2 * high, rx: place.kind === "computed" ? 8 : 2 });
    const box = part("g", { class: `box ${place.kind}`, role: "button", tabindex: -1, "aria-label": place.say, ...acts }, rect, text(place.entries ? -7 : 4, "name"), text(5, "value"), text(17, "delta"));
    box.querySelector(".name").textContent = place.say;
    return box;
  }

  // `hues`: the hue of each arrow that is lit, by number

  light(hues, place, picked = null) {
    this.arrows.forEach((drawn, k) => {
      const hue = hues.get(k);
      drawn.classList.toggle("lit", hue != null);
      drawn.dataset.hue = hue == null ? "" : hue % DASHES.length;
      drawn.firstChild.setAttribute("stroke-dasharray", hue == null ? "" : DASHES[hue % DASHES.length]);
    });
    const ends = new Set([...hues.keys()].map((k) => this.graph.arrows[k].to));
    this.boxes.forEach((box, k) => {
      box.classList.toggle("chosen", k === place);
      box.classList.toggle("reached", ends.has(k));
      box.classList.toggle("picked", Boolean(picked?.has(k)));
      box.setAttribute("aria-pressed", picked ? picked.has(k) : k === place);
      box.setAttribute("tabindex", k === (this.stop ?? place) ? 0 : -1);
    });
  }

  key(event, k) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter" || event.key === " ") this.acts.press(k);
    else if (ways[event.key]) this.move(k, ways[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation(); // a notebook's own keys
  }

  move(k, [right, down]) {
    const { places } = this.graph;
    const [x, y] = places[k].at;
    const far = ([a, b]) => {
      const along = (a - x) * right + (b - y) * down, aside = Math.abs((a - x) * down) + Math.abs((b - y) * right);
      return along > 1 ? along + 3 * aside : Infinity;
    };
    const next = places.reduce((best, place, n) => (far(place.at) < far(places[best]?.at ?? [x, y]) ? n : best), -1);
    if (next >= 0) this.boxes[next].focus();
  }
}

// The explorer

class Explorer {
  constructor(root, data, programs) {
    Object.assign(this, { root, data, programs, values: { ...data.values }, timer: 0, id: root.dataset.explorer });
    Object.assign(this, { wanted: data.start, rows: [], lit: null, game: null });
    this.bar = part("div", { class: "bar", role: "toolbar", "aria-label": "Explorer" });
    this.picture = part("div", { class: "picture" });
    this.panel = part("div", { class: "panel", role: "region", "aria-label": "About the chosen quantity" });
    this.says = part("p", { class: "says", role: "status", "aria-live": "polite" });
    this.sliders = part("div", { class: "sliders" });
    const main = part("div", { class: "main" }, this.picture, part("div", { class: "side" }, this.panel));
    root.replaceChildren(this.bar, this.says, main, this.sliders);
    this.drawBar();
    this.unroll(data.T);
  }

  unroll(T) {
    this.stop();
    this.now = fresh(this.data, T, this.programs);
    connect(this.now);
    compute(this.now, this.values);
    const said = this.game || this.says.textContent === OVER ? OVER : "";
    this.game = this.lit = null;
    this.stages = this.staged();
    this.stage = this.stages.length;
    const place = this.now.graph.places.find((one) => one.say === this.wanted) ?? this.now.graph.places[0];
    this.chosen = place.entries[0];
    this.steps.textContent = `T = ${T} `;
    this.drawPicture();
    this.drawSliders();
    this.refresh();
    this.tell(said);
  }

  // The way back: the losses at once, then one quantity after the other, the weights, and the rest at once

  staged() {
    const { order, places } = this.now.graph;
    const of = (kind) => places.flatMap((place, k) => (place.kind === kind ? [k] : []));
    const losses = of("loss");
    const computed = [...order].reverse().filter((k) => !losses.includes(k));
    const weights = of("parameter");
    const rest = places.map((_, k) => k).filter((k) => ![...losses, ...computed, ...weights].includes(k));
    return [losses, ...computed.map((k) => [k]), ...weights.map((k) => [k]), rest].filter((stage) => stage.length);
  }

  // What a drag changes: numbers and curves; nothing is made anew

  update() {
    compute(this.now, this.values);
    this.writeNumbers();
    this.rows.forEach((row) => this.writeRow(row));
    this.living.forEach((write) => write());
    this.total.textContent = `Loss: ${shown(this.now.loss)}`;
  }

  living = []; // what writes the numbers of the panel anew

  live(name, attributes, text) {
    const made = part(name, attributes);
    const write = () => (made.textContent = text());
    this.living.push(write);
    write();
    return made;
  }

  refresh() {
    this.living = [];
    this.writeNumbers();
    this.rows.forEach((row) => this.writeRow(row));
    this.game ? this.drawGame() : this.drawPanel();
    this.light();
    this.total.textContent = `Loss: ${shown(this.now.loss)}`;
    this.legend.textContent = this.game && this.game.part < 4 ? HIDDEN : LEGEND;
    this.playback.forEach((button) => (button.disabled = Boolean(this.game)));
  }

  // The bar

  drawBar() {
    const button = (text, title, act) => part("button", { type: "button", title, onclick: act }, text);
    const steps = Object.keys(this.data.graphs).map(Number);
    const slide = part("input", {
      type: "range", min: Math.min(...steps), max: Math.max(...steps), value: this.data.T, "aria-label": "number of steps T",
      oninput: (event) => this.unroll(steps.reduce((best, T) => (Math.abs(T - event.target.value) < Math.abs(best - event.target.value) ? T : best))),
    });
    this.steps = part("span", {});
    this.total = part("span", { class: "total" });
    this.playing = button("Play backwards", "The derivatives flow back, one after the other", () => this.play());
    const all = button("All", "All derivatives at once", () => { this.stop(); this.show(this.stages.length); });
    this.playback = [this.playing, button("One step", "The next derivative", () => this.tick()), all];
    if (this.data.plays.length) this.playback.push(button("Derive it yourself", "You derive, the machine referees", () => this.begin()));
    this.bar.replaceChildren(
      ...(steps.length > 1 ? [part("label", {}, this.steps, slide)] : []), ...this.playback,
      button("Numbers as at first", "Undo all moves of the sliders", () => this.restore()), this.total,
    );
  }

  restore() {
    this.values = { ...this.data.values };
    this.rows.forEach((row) => (row.input.value = this.values[row.entry.key]));
    this.update();
  }

  play() {
    if (this.timer) return this.stop();
    if (this.stage === this.stages.length) this.show(0);
    this.playing.textContent = "Pause";
    this.timer = setInterval(() => this.tick(true), TICK);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    if (this.playing) this.playing.textContent = "Play backwards";
  }

  tick(isTimed = false) {
    if (!isTimed) this.stop();
    this.show(this.stage === this.stages.length ? 1 : this.stage + 1);
    if (this.stage === this.stages.length) this.stop();
  }

  show(stage) {
    this.stage = stage;
    this.lit = null;
    const places = stage ? this.stages[stage - 1] : [];
    if (places.length === 1) this.chosen = this.now.graph.places[places[0]].entries[0];
    this.refresh();
    this.tell(stage === this.stages.length ? "All derivatives have arrived." : places.length === 1 ? this.arrival(places[0]) : stage ? LOSSES : "");
  }

  arrival(place) {
    const { places } = this.now.graph;
    return `Backwards: the derivative by ${places[place].say} arrives from ${listed(this.now.users[place].map((user) => places[user].say))}.`;
  }

  // Whether a derivative has arrived at this stage of the way back

  isKnown(place) {
    return this.game ? this.game.isKnown(place) : this.stages.findIndex((stage) => stage.includes(place)) < this.stage;
  }

  tell(text) {
    this.says.textContent = text;
  }

  // The picture

  drawPicture() {
    const acts = { press: (k) => this.press(k), enter: (k) => this.enter(k) };
    this.view = new Picture(this.id, this.now.graph, acts);
    this.boxes = this.view.boxes;
    this.legend = part("p", { class: "caption" }, LEGEND);
    this.picture.replaceChildren(this.view.svg, this.legend);
  }

  writeNumbers() {
    const { places } = this.now.graph;
    this.boxes.forEach((box, k) => {
      const one = places[k].entries.length === 1 ? places[k].entries[0] : null;
      const known = this.isKnown(k);
      const value = one == null ? `${places[k].entries.length} numbers` : shown(this.now.v[one]);
      const delta = one == null || !known ? "" : shown(this.now.d[one]);
      box.querySelector(".value").textContent = value;
      box.querySelector(".delta").textContent = delta && `D ${delta}`;
      const reaches = this.now.users[k].map((user) => places[user].say);
      const back = delta ? `, derivative of the loss ${delta}` : "";
      box.setAttribute("aria-label", `${places[k].say}: ${value}${back}. ${reaches.length ? `Influences ${listed(reaches)}` : "Influences nothing"}.`);
    });
  }

  light() {
    this.view.svg.classList.toggle("hush", Boolean(this.game) && this.game.part < 3); // a weight on an arrow is an answer
    const { entries } = this.now.graph;
    const place = this.game ? this.game.place : entries[this.chosen].place;
    this.view.light(this.lit ?? this.outgoing(place), place, this.game?.picked);
  }

  outgoing(place) {
    if (this.game && !this.game.isLit) return new Map();
    const found = new Map();
    this.now.graph.arrows.forEach((arrow, k) => {
      if (arrow.from === place) found.set(k, this.now.users[place].indexOf(arrow.to));
    });
    return found;
  }

  along(path) {
    const hops = new Set(path.slice(1).map((place, n) => `${path[n]} ${place}`));
    const hue = this.now.users[path[0]].indexOf(path[1]);
    return new Map(this.now.graph.arrows.flatMap((arrow, k) => (hops.has(`${arrow.from} ${arrow.to}`) ? [[k, hue]] : [])));
  }

  press(k) {
    if (this.game) return this.game.press(k);
    this.choose(this.now.graph.places[k].entries[0]);
  }

  enter(k) {
    if (!this.game && this.now.graph.entries[this.chosen].place !== k) this.choose(this.now.graph.places[k].entries[0]);
  }

  choose(entry) {
    this.stop();
    this.chosen = entry;
    this.wanted = this.now.graph.places[this.now.graph.entries[entry].place].say;
    this.lit = null;
    this.tell("");
    this.drawPanel();
    this.light();
  }

  // The panel: one quantity, its chain rule, its paths

  drawPanel() {
    this.living = [];
    const { entries, rules, places } = this.now.graph;
    const entry = this.chosen, rule = rules[entry], place = entries[entry].place;
    const known = this.isKnown(place), count = rule.terms.length;
    const head = part("h4", {}, this.math(rule.name), this.live("span", {}, () => ` = ${shown(this.now.v[entry])}`));
    const equation = rule.equation == null ? "" : part("p", { class: "equation" }, this.math(rule.equation));
    this.panel.replaceChildren(head, equation, this.entryChoice(place, entry));
    if (!count) return this.panel.append(part("p", {}, places[place].kind === "loss" ? LAST : "It influences nothing."));
    const total = known ? this.live("span", {}, () => ` = ${shown(this.now.d[entry])}`) : "";
    this.panel.append(part("p", { class: "goal" }, this.math(rule.goal), total, count > 1 ? " is the sum over its arrows:" : " has one arrow:"));
    this.panel.append(this.termRows(rule, known));
    this.panel.append(...(known ? this.shares(entry, place) : [part("p", { class: "caption" }, "It has not arrived yet: press Play backwards, One step or All.")]));
    this.panel.append(proof(this.data.pool[rule.verdict]));
  }

  math(n) {
    return formula(this.data.pool[n]);
  }

  entryChoice(place, entry) {
    const { places, entries } = this.now.graph;
    if (places[place].entries.length < 2) return "";
    const options = places[place].entries.map((k) => part("option", { value: k, selected: k === entry }, entries[k].say));
    return part("select", { "aria-label": "entry", onchange: (event) => this.choose(Number(event.target.value)) }, ...options);
  }

  termRows(rule, known) {
    const { entries } = this.now.graph;
    const rows = rule.terms.map((term, n) => {
      const hue = this.now.users[entries[this.chosen].place].indexOf(entries[term.entry].place);
      const product = () => {
        const [total, slope] = [this.now.d[term.entry], this.now.m[term.edge]];
        return !known ? "" : term.unit ? `≈ ${shown(slope)}` : `≈ ${shown(total)} · ${factor(slope)} ≈ ${shown(total * slope)}`;
      };
      return part("div", { class: "term-row" }, swatch(hue, `through ${entries[term.entry].say}`), part("span", {}, n ? "+ " : "", this.math(term.rule)),
        part("span", {}, "= ", this.math(term.form)), this.live("span", { class: "numbers" }, product));
    });
    return part("div", { class: "terms" }, ...rows);
  }

  shares(entry, place) {
    const found = paths(this.now, place);
    if (found.length > MOST_PATHS) return [part("p", {}, `More than ${MOST_PATHS} paths lead from here to the loss.`)];
    if (found.length < 2) return [];
    const bar = part("div", { class: "shares", role: "list", "aria-label": "paths to the loss and their shares" });
    const segments = found.map((path) => this.segment(path));
    bar.append(...segments.map((segment) => segment.item));
    let [sum, isZero] = [0, false];
    this.living.push(() => {
      const sizes = found.map((path) => share(this.now, entry, path));
      const whole = sizes.reduce((most, size) => most + Math.abs(size), 0) || 1;
      isZero = sizes.every((size) => Math.abs(size) < 5e-4);
      sum = sizes.reduce((total, size) => total + size, 0);
      segments.forEach((segment, n) => segment.write(sizes[n], whole));
    });
    this.living[this.living.length - 1]();
    const words = () =>
      `${found.length} paths to the loss. A share is the product of the immediate derivatives along its path; they add up to ${shown(sum)}. ` +
      (isZero ? "All of them are zero." : "Striped: negative. Point at a share to see its path.");
    return [this.live("p", { class: "caption" }, words), bar];
  }

  segment(path) {
    const { places } = this.now.graph;
    const way = path.map((place) => places[place].say).join(" → ");
    const show = () => {
      this.lit = this.along(path);
      this.light();
      this.tell(made.title);
    };
    const hide = () => {
      this.lit = null;
      this.light();
      this.tell("");
    };
    const hue = this.now.users[path[0]].indexOf(path[1]) % DASHES.length;
    const made = part("button", { type: "button", class: "share", "data-hue": hue, onpointerenter: show, onpointerleave: hide, onfocus: show, onblur: hide });
    const item = part("div", { role: "listitem" }, made);
    const write = (size, whole) => {
      const factors = this.factors(path);
      made.title = `${way}: ${factors.length > 1 ? `${factors.map((one, n) => (n ? factor(one) : shown(one))).join(" · ")} ≈ ` : ""}${shown(size)}`;
      if (made.matches(":hover, :focus")) this.tell(made.title);
      made.setAttribute("aria-label", made.title);
      made.classList.toggle("negative", size < 0);
      item.style.flexGrow = Math.round((1000 * Math.abs(size)) / whole);
    };
    return { item, write };
  }

  // The immediate derivatives along a path, where every quantity on it is one number

  factors(path) {
    const { places } = this.now.graph;
    const ones = path.map((place) => places[place].entries);
    if (ones.some((entries) => entries.length > 1)) return [];
    return path.slice(1).map((_, n) => this.now.m[this.now.leading[ones[n][0]].find(([below]) => below === ones[n + 1][0])[1]]);
  }

  // Sliders: each with the loss as a curve of its number, and the derivative as the tangent

  drawSliders() {
    this.rows = [];
    const groups = new Map();
    this.now.graph.entries.forEach((entry, k) => {
      if (!entry.key) return;
      const kind = this.now.graph.places[entry.place].kind;
      groups.set(kind, [...(groups.get(kind) ?? []), this.row(entry, k)]);
    });
    const titles = { parameter: "Weights", boundary: "Given states", data: "Inputs and targets" };
    const order = Object.keys(titles).filter((kind) => groups.has(kind));
    const open = new Set([...this.sliders.querySelectorAll("details[open]")].map((group) => group.dataset.kind));
    if (!this.sliders.childElementCount) open.add(order[0]);
    this.sliders.replaceChildren(...order.map((kind) =>
      part("details", { open: open.has(kind), "data-kind": kind }, part("summary", {}, titles[kind]), part("div", { class: "rows" }, ...groups.get(kind)))));
    this.sliders.querySelectorAll("details").forEach((group) => group.addEventListener("toggle", () => this.refresh()));
  }

  row(entry, k) {
    const size = Math.max(Math.abs(this.data.values[entry.key]), entry.ends[1]);
    const ends = entry.ends[0] ? [-Math.ceil(size), Math.ceil(size)] : entry.ends;
    const input = part("input", {
      type: "range", min: ends[0], max: ends[1], step: 0.01, value: this.values[entry.key], "aria-label": entry.say,
      oninput: () => this.drag(entry.key, Number(input.value)),
    });
    const [line, tangent, dot] = [part("path", { class: "curve" }), part("path", { class: "tangent" }), part("circle", { r: 2.6 })];
    const graph = part("svg", { viewBox: "0 0 150 44", class: "graph", role: "img" }, line, tangent, dot);
    const said = part("span", { class: "numbers" });
    const made = part("div", { class: "row" }, part("label", {}, part("span", { class: "name" }, entry.say), input), graph, said);
    this.rows.push({ entry, k, ends, input, line, tangent, dot, graph, said, made });
    return made;
  }

  drag(key, value) {
    this.values[key] = value;
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.update();
    });
  }

  writeRow({ entry, k, ends, line, tangent, dot, graph, said, made }) {
    if (made.closest("details") && !made.closest("details").open) return;
    const slope = this.now.d[k], here = this.now.v[k];
    const points = curve(this.now, k, ends).filter(([, loss]) => Number.isFinite(loss));
    const [low, high] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
    const x = (value) => 3 + (144 * (value - ends[0])) / (ends[1] - ends[0]);
    const isFlat = high - low < 1e-9 * (1 + Math.abs(high)); // nothing but rounding
    const y = (loss) => (isFlat ? 22 : 41 - (38 * (loss - low)) / (high - low));
    line.setAttribute("d", points.length ? `M${points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" L")}` : "");
    const reach = (ends[1] - ends[0]) / 5;
    const end = (side) => `${x(here + side * reach).toFixed(1)},${y(this.now.loss + side * reach * slope).toFixed(1)}`;
    tangent.setAttribute("d", `M${end(-1)} L${end(1)}`);
    dot.setAttribute("cx", x(here));
    dot.setAttribute("cy", y(this.now.loss));
    const known = this.isKnown(entry.place);
    tangent.style.visibility = known ? "" : "hidden";
    const way = slope > 0 ? "rises" : slope < 0 ? "falls" : "is level";
    graph.setAttribute("aria-label", `The loss as a curve of ${entry.say}; here it ${way}.`);
    said.textContent = `${shown(here)}${known ? `, slope of the loss ${shown(slope)}` : ""}; loss ${shown(low)} to ${shown(high)}`;
  }

  // Derive it yourself

  begin() {
    this.stop();
    this.lit = null;
    this.stage = this.stages.length;
    this.game = new Game(this, this.now.graph.entries[this.chosen].place);
    this.refresh();
    this.tell("");
    this.panel.querySelector("select").focus();
  }

  end() {
    this.game = this.lit = null;
    this.refresh();
    this.tell("");
  }

  drawGame() {
    this.living = [];
    const focus = this.panel.contains(document.activeElement) ? document.activeElement.tagName : "";
    this.panel.replaceChildren(...this.game.view());
    if (focus) this.panel.querySelector(focus === "SELECT" ? "select" : ".choices button:not(:disabled), .act")?.focus();
  }
}

function proof(words) {
  return part("details", { class: "verdict" }, part("summary", {}, "How this was proved"), words);
}

function swatch(hue, words) {
  const line = part("path", { d: "M1,5 H27", "stroke-dasharray": DASHES[hue % DASHES.length] });
  return part("svg", { viewBox: "0 0 28 10", class: "swatch", role: "img", "aria-label": words, "data-hue": hue % DASHES.length }, line);
}

// A game: the arrows of a chain rule, its immediate derivatives, the order of the deltas. Every move is judged.

class Game {
  constructor(explorer, place) {
    this.explorer = explorer;
    this.goals = explorer.data.plays.map((say) => this.graph.places.findIndex((one) => one.say === say)).filter((k) => k >= 0);
    this.start(this.goals.includes(place) ? place : this.goals[0]);
  }

  get graph() {
    return this.explorer.now.graph;
  }

  get rule() {
    return this.graph.rules[this.graph.places[this.place].entries[0]];
  }

  get isLit() {
    return this.part > 1;
  }

  start(place) {
    Object.assign(this, { place, part: 1, picked: new Set(), solved: 0, tried: new Set(), ordered: [], moves: 0, slips: 0 });
  }

  say(k) {
    return this.graph.places[k].say;
  }

  isKnown(k) {
    return this.part === 4 || this.ordered.includes(k) || (this.part === 3 && this.graph.places[k].kind === "loss");
  }

  judge(is_right, words) {
    this.moves += 1;
    this.verdict = words;
    this.slips += is_right ? 0 : 1;
    this.explorer.refresh();
    this.explorer.tell(words);
  }

  math(n) {
    return formula(this.explorer.data.pool[n]);
  }

  // 1: which quantities does the goal influence?

  press(k) {
    if (this.part === 3) {
      if (this.ordered.includes(k)) return this.explorer.tell(`The derivative by ${this.say(k)} is there already.`);
      return this.needed().includes(k) ? this.order(k) : this.explorer.tell(`The derivative by ${this.say(k)} is not needed for the goal.`);
    }
    if (this.part !== 1) return;
    if (k === this.place) return this.explorer.tell(`${this.say(k)} is the goal. Choose the boxes in whose equations it stands.`);
    this.picked.has(k) ? this.picked.delete(k) : this.picked.add(k);
    this.checked = false;
    this.explorer.lit = null;
    this.explorer.refresh();
    this.explorer.tell("");
  }

  checkArrows() {
    const users = this.explorer.now.users[this.place];
    const wrong = [...this.picked].filter((k) => !users.includes(k));
    const forgotten = users.filter((k) => !this.picked.has(k));
    if (!this.picked.size) return this.explorer.tell("Choose boxes in the picture first.");
    if (this.checked) return this.explorer.tell(this.verdict);
    this.checked = true;
    this.explorer.lit = null;
    if (wrong.length) return this.judge(false, this.misfit(wrong[0]));
    if (forgotten.length) {
      this.explorer.lit = new Map(forgotten.flatMap((k) => [...this.explorer.along([this.place, k])]));
      const those = forgotten.length > 1 ? "Paths are forgotten: those that begin with the arrows" : "A path is forgotten: the one that begins with the arrow";
      return this.judge(false, `${those} to ${listed(forgotten.map((k) => this.say(k)))}, lit now.`);
    }
    this.part = 2;
    this.judge(true, `Right. ${users.length > 1 ? `${users.length} arrows, so ${users.length} terms` : "One arrow, so one term"}.`);
  }

  misfit(k) {
    if (!this.graph.order.includes(k)) return `${this.say(k)} is given: it has no equation, and nothing influences it.`;
    const through = this.explorer.now.users[this.place].find((user) => this.reaches(user, k));
    const back = this.reaches(k, this.place) ? " It is the other way round: the goal comes after it." : "";
    const way = through == null ? back : ` It is reached through ${this.say(through)}.`;
    return `${this.say(this.place)} does not stand in the equation of ${this.say(k)}.${way}`;
  }

  reaches(from, to) {
    return this.explorer.now.users[from].some((user) => user === to || this.reaches(user, to));
  }

  // 2: what is each immediate derivative?

  choose(term, choice) {
    if (choice.says != null) {
      this.tried.add(choice);
      return this.judge(false, this.explorer.data.pool[choice.says]);
    }
    this.solved += 1;
    this.tried.clear();
    if (this.solved === this.rule.terms.length) this.part = this.needed().length > 1 ? 3 : 4;
    this.judge(true, "Right.");
  }

  // 3: in which order can the derivatives be computed?

  needed() {
    const found = new Set([this.place]);
    for (const k of found) this.explorer.now.users[k].forEach((user) => found.add(user));
    return [...found].filter((k) => this.graph.places[k].kind !== "loss").sort((a, b) => (this.say(a) < this.say(b) ? -1 : 1));
  }

  order(k) {
    const missing = this.explorer.now.users[k].filter((user) => !this.isKnown(user));
    if (missing.length) {
      this.explorer.lit = this.explorer.along([k, missing[0]]);
      const those = `${missing.length > 1 ? "those" : "that"} by ${listed(missing.map((user) => this.say(user)))}`;
      return this.judge(false, `Not yet: the derivative by ${this.say(k)} needs ${those}.`);
    }
    this.explorer.lit = null;
    this.ordered.push(k);
    if (k === this.place) this.part = 4;
    this.judge(true, this.part === 4 ? "Done: this is the derivation that the machine proved." : `Right: the derivatives by all that ${this.say(k)} influences are there.`);
  }

  view() {
    const pick = part("select", { "aria-label": "goal", onchange: (event) => this.again(Number(event.target.value)) },
      ...this.goals.map((k) => part("option", { value: k, selected: k === this.place }, this.say(k))));
    const head = part("div", { class: "game" }, part("label", {}, "Goal: the derivative of the loss by ", pick), " ", this.math(this.rule.goal));
    const views = [null, () => this.arrowsView(), () => this.slopesView(), () => this.orderView(), () => this.proofView()];
    const leave = part("button", { type: "button", onclick: () => this.explorer.end() }, "Back to exploring");
    const score = part("p", { class: "caption" }, `${this.moves} ${this.moves === 1 ? "move" : "moves"}, ${this.slips} wrong. `, leave);
    return [head, ...views[this.part](), score];
  }

  again(k) {
    this.explorer.lit = null;
    this.start(k);
    this.explorer.refresh();
    this.explorer.tell("");
  }

  arrowsView() {
    const picked = [...this.picked].map((k) => this.say(k));
    return [
      part("p", {}, `1. In which equations does ${this.say(this.place)} stand? Choose their boxes in the picture.`),
      part("p", {}, picked.length ? `Chosen: ${listed(picked)}. ` : "Nothing is chosen yet. ", part("button", { type: "button", class: "act", onclick: () => this.checkArrows() }, "Check")),
    ];
  }

  slopesView() {
    const { terms } = this.rule;
    const done = terms.slice(0, this.solved).map((term) => part("p", {}, this.math(term.asks), " = ", this.math(term.choices.find((choice) => choice.says == null).math)));
    const term = terms[this.solved];
    const buttons = term.choices.map((choice) =>
      part("button", { type: "button", "aria-label": choice.text, disabled: this.tried.has(choice), onclick: () => this.choose(term, choice) }, this.math(choice.math)));
    return [part("p", {}, "2. The immediate derivative along each arrow. Hold all but one letter of this equation fixed:"),
      part("p", { class: "equation" }, this.math(this.graph.rules[term.entry].equation)), ...done, part("p", {}, this.math(term.asks), " = "), part("div", { class: "choices", role: "group", "aria-label": "choices" }, ...buttons)];
  }

  orderView() {
    const left = this.needed().filter((k) => !this.ordered.includes(k));
    const goal = (k) => this.math(this.graph.rules[this.graph.places[k].entries[0]].goal);
    const buttons = left.map((k) => part("button", { type: "button", "aria-label": `derivative by ${this.say(k)}`, onclick: () => this.order(k) }, goal(k)));
    return [
      part("p", {}, "3. Which derivative can be computed next? The loss is a sum of its steps, so those by the steps are 1."),
      part("ol", { class: "ordered" }, ...this.ordered.map((k) => part("li", {}, goal(k)))),
      part("div", { class: "choices", role: "group", "aria-label": "derivatives still to compute" }, ...buttons),
    ];
  }

  proofView() {
    const entry = this.graph.places[this.place].entries[0];
    const sum = (key) => this.rule.terms.flatMap((term, n) => [n ? " + " : "", this.math(term[key])]);
    return [
      part("p", { class: "proof" }, this.math(this.rule.goal), " = ", ...sum("rule")),
      part("p", { class: "proof" }, "= ", ...sum("form")),
      this.explorer.live("p", { class: "proof" }, () => `= ${shown(this.explorer.now.d[entry])} with the numbers of the picture`),
      proof(this.explorer.data.pool[this.rule.verdict]),
      part("p", {}, part("button", { type: "button", class: "act", onclick: () => this.again(this.place) }, "Once more")),
    ];
  }
}

// A derivation, line by line: the lines so far beside the picture, the paths of the last one lit, each term with its own

class Walk {
  constructor(root, data) {
    Object.assign(this, { root, data, line: 0 });
    this.view = new Picture(root.dataset.explorer, data.graph, { press: () => {}, enter: () => {} });
    this.rows = data.lines.map((line, n) => this.row(line, n));
    this.says = part("p", { class: "says", role: "status", "aria-live": "polite" });
    this.back = part("button", { type: "button", onclick: () => this.go(this.line - 1) }, "Line before");
    this.next = part("button", { type: "button", onclick: () => this.go(this.line + 1) }, "Next line");
    const list = part("ol", { class: "lines" }, ...this.rows);
    const bar = part("div", { class: "bar", role: "toolbar", "aria-label": "Derivation" }, this.back, this.next);
    const side = part("div", { class: "side" }, bar, part("div", { class: "wide" }, list), this.says, proof(data.verdict));
    root.replaceChildren(part("div", { class: "main" }, side, part("div", { class: "picture" }, this.view.svg)));
    this.go(0);
  }

  row(line, n) {
    const terms = line.terms.map((term, k) => {
      const show = () => this.view.light(this.hues(term.paths, k), this.data.goal);
      const hide = () => this.light();
      const made = part("span", { class: "term", "data-hue": line.terms.length > 1 && k % DASHES.length, onpointerenter: show, onpointerleave: hide, onfocus: show, onblur: hide });
      if (line.terms.length > 1) made.setAttribute("tabindex", 0);
      made.append(formula(this.data.pool[term.math]));
      return [term.sign || k ? part("span", {}, ` ${term.sign || "+"} `) : "", made];
    });
    return part("li", {}, n ? "= " : "", ...terms.flat(), part("span", { class: "reason" }, formula(this.data.pool[line.reason])));
  }

  hues(paths, hue) {
    return new Map(paths.flatMap((path) => path.map((arrow) => [arrow, hue])));
  }

  light() {
    const terms = this.data.lines[this.line].terms;
    this.view.light(new Map(terms.flatMap((term, k) => [...this.hues(term.paths, k)])), this.data.goal);
  }

  go(line) {
    this.line = Math.max(0, Math.min(this.rows.length - 1, line));
    this.rows.forEach((row, n) => {
      row.style.visibility = n > this.line ? "hidden" : "";
      row.classList.toggle("now", n === this.line);
    });
    this.back.disabled = this.line === 0;
    this.next.disabled = this.line === this.rows.length - 1;
    this.says.textContent = this.data.lines[this.line].words;
    this.light();
  }
}

// Curves over the distance in time, on one logarithmic axis that stays; sliders choose which

const [WIDE, HIGH, EDGE] = [560, 300, 46];

class Curves {
  constructor(root, data) {
    Object.assign(this, { root, data, at: data.sliders.map(() => 0) });
    const sliders = data.sliders.map(({ name, values }, n) => {
      const shown = part("output", {}, `${values[0]}`);
      const input = part("input", {
        type: "range", min: 0, max: values.length - 1, step: 1, value: 0, "aria-label": name, "aria-valuetext": `${values[0]}`,
        oninput: () => this.choose(n, Number(input.value), input, shown),
      });
      return part("label", {}, `${name} `, input, " ", shown);
    });
    this.lines = part("g", {});
    this.svg = part("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", class: "plot" }, this.axes(), this.lines);
    this.says = part("p", { class: "says", role: "status", "aria-live": "polite" });
    root.replaceChildren(part("div", { class: "bar", role: "toolbar", "aria-label": "What is shown" }, ...sliders), this.svg, this.says);
    this.draw();
  }

  x(step) {
    return EDGE + ((WIDE - EDGE - 10) * step) / Math.max(1, this.data.longest - 1);
  }

  y(norm) {
    const [low, high] = this.data.ends.map(Math.log10);
    const at = norm > 0 ? Math.max(low, Math.log10(norm)) : low; // a zero lies at the lower end
    return HIGH - 34 - ((HIGH - 50) * (at - low)) / (high - low);
  }

  axes() {
    const [low, high] = this.data.ends.map(Math.log10);
    const every = Math.max(1, Math.ceil((high - low) / 6));
    const powers = [];
    for (let power = Math.ceil(low); power <= high; power += every) powers.push(power);
    const rows = powers.map((power) => part("g", {}, part("path", { class: "grid", d: `M${EDGE},${this.y(10 ** power)} H${WIDE - 10}` }),
      part("text", { x: EDGE - 6, y: this.y(10 ** power) + 4, "text-anchor": "end" }, `1e${power}`)));
    const last = this.data.longest - 1;
    const columns = [0, Math.round(last / 2), last].map((step) => part("text", { x: this.x(step), y: HIGH - 18, "text-anchor": "middle" }, `${step}`));
    return part("g", {}, ...rows, ...columns, part("text", { x: WIDE / 2, y: HIGH - 3, "text-anchor": "middle" }, "distance T \u2212 t"));
  }

  choose(n, value, input, shown) {
    this.at[n] = value;
    shown.textContent = this.data.sliders[n].values[value];
    input.setAttribute("aria-valuetext", shown.textContent);
    this.draw();
  }

  draw() {
    const { series, words } = this.data.panels[this.at.join(" ")];
    const drawn = Object.entries(series).map(([name, norms], n) => {
      const line = norms.map((norm, step) => `${this.x(step).toFixed(1)},${this.y(norm).toFixed(1)}`).join(" L");
      const label = part("text", { x: WIDE - 14, y: 16 + 15 * n, "text-anchor": "end", class: "key" }, `${name} `);
      const key = part("path", { d: `M${WIDE - 170},${12 + 15 * n} h30`, "stroke-dasharray": DASHES[n] });
      return part("g", { "data-hue": n, class: "arrow lit" }, part("path", { d: `M${line}`, "stroke-dasharray": DASHES[n] }), ...(name ? [key, label] : []));
    });
    this.lines.replaceChildren(...drawn);
    this.svg.setAttribute("aria-label", words);
    this.says.textContent = words;
  }
}

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

export function mount(root, data, programs) {
  root.explorer = data.lines ? new Walk(root, data) : data.sliders ? new Curves(root, data) : new Explorer(root, data, programs);
  root.dataset.alive = "true";
  follow(root);
}
