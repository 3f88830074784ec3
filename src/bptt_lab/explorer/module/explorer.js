// The explorer: an unrolled network that answers

const LAST = "Nothing comes after it: the loss is the sum of all of these, so its derivative by this one is 1.";
const LEGEND =
  "In a box: a value, and D, the total derivative of the loss by it. Round corners: computed; square: given; dotted: a given state; " +
  "dashes: a weight, whose arrows are seen when it is chosen. On an arrow: the weight that multiplies.";
const LOSSES = "Backwards, from the losses: the loss is their sum, so its derivative by each is 1.";
const OVER = "T was changed, so the game is over.";
const HIDDEN = "Derivatives appear when they have been derived; the weights on the arrows when they are no answer any more.";
const TICK = 1200; // milliseconds between two deltas
const TURNS = 3; // frames until each curve has been drawn anew
const REST = 120; // milliseconds after a move of a slider until what is not seen follows

class Explorer {
  constructor(root, data, programs) {
    Object.assign(this, { root, data, programs, values: { ...data.values }, timer: 0, id: root.dataset.explorer });
    this.diary = new Diary(root);
    Object.assign(this, { wanted: data.start, rows: [], lit: null, game: null, turn: 0 });
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

  // What a drag changes: numbers and curves; nothing is made anew. While it moves, a frame writes the numbers of the
  // picture and every third curve that is seen; all else, as names read aloud, follows when it rests.

  update(isMoving = false) {
    compute(this.now, this.values);
    this.writeNumbers(isMoving);
    this.turn = (this.turn + 1) % TURNS;
    this.rows.forEach((row, n) => {
      if (!isMoving || row.entry.key === this.dragged || (!row.made.isAway && n % TURNS === this.turn)) this.writeRow(row);
    });
    this.living.forEach((write) => write(isMoving));
    put(this.total, `Loss: ${shown(this.now.loss)}`);
    clearTimeout(this.resting);
    if (isMoving) this.resting = setTimeout(() => this.update(), REST);
  }

  living = []; // what writes the numbers of the panel anew

  live(name, attributes, text) {
    const made = part(name, attributes);
    const write = () => put(made, text());
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
    this.view.reveal();
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
      button("Reset", "Undo all moves of the sliders", () => this.restore()), this.total,
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

  writeNumbers(isMoving) {
    const { places } = this.now.graph;
    this.boxes.forEach((box, k) => {
      const one = places[k].entries.length === 1 ? places[k].entries[0] : null;
      const known = this.isKnown(k);
      const value = one == null ? `${places[k].entries.length} numbers` : shown(this.now.v[one]);
      const delta = one == null || !known ? "" : shown(this.now.d[one]);
      put(box.value, value);
      put(box.delta, delta && `D ${delta}`);
      if (isMoving) return;
      const reaches = this.now.users[k].map((user) => places[user].say);
      const back = delta ? `, derivative of the loss ${delta}` : "";
      mark(box, "aria-label", `${places[k].say}: ${value}${back}. ${reaches.length ? `Influences ${listed(reaches)}` : "Influences nothing"}.`);
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
    this.view.reveal();
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
    this.living.push((isMoving) => {
      const sizes = found.map((path) => share(this.now, entry, path));
      const whole = sizes.reduce((most, size) => most + Math.abs(size), 0) || 1;
      isZero = sizes.every((size) => Math.abs(size) < 5e-4);
      sum = sizes.reduce((total, size) => total + size, 0);
      segments.forEach((segment, n) => segment.write(sizes[n], whole, isMoving));
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
      this.view.reveal();
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
    const write = (size, whole, isMoving) => {
      made.classList.toggle("negative", size < 0);
      item.style.flexGrow = Math.round((1000 * Math.abs(size)) / whole);
      const isPointed = made.matches(":hover, :focus");
      if (isMoving && !isPointed) return;
      const factors = this.factors(path);
      made.title = `${way}: ${factors.length > 1 ? `${factors.map((one, n) => (n ? factor(one) : shown(one))).join(" · ")} ≈ ` : ""}${shown(size)}`;
      if (isPointed) this.tell(made.title);
      made.setAttribute("aria-label", made.title);
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
    this.watch?.disconnect();
    this.watch = new IntersectionObserver((seen) => seen.forEach((one) => (one.target.isAway = !one.isIntersecting)));
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
    this.watch.observe(made);
    this.rows.push({ entry, k, ends, input, line, tangent, dot, graph, said, made });
    return made;
  }

  drag(key, value) {
    this.values[key] = value;
    this.dragged = key;
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.update(true);
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
    mark(line, "d", points.length ? `M${points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" L")}` : "");
    const reach = (ends[1] - ends[0]) / 5;
    const end = (side) => `${x(here + side * reach).toFixed(1)},${y(this.now.loss + side * reach * slope).toFixed(1)}`;
    mark(tangent, "d", `M${end(-1)} L${end(1)}`);
    mark(dot, "cx", x(here).toFixed(1));
    mark(dot, "cy", y(this.now.loss).toFixed(1));
    const known = this.isKnown(entry.place);
    tangent.style.visibility = known ? "" : "hidden";
    const way = slope > 0 ? "rises" : slope < 0 ? "falls" : "is level";
    mark(graph, "aria-label", `The loss as a curve of ${entry.say}; here it ${way}.`);
    put(said, `${shown(here)}${known ? `, slope of the loss ${shown(slope)}` : ""}; loss ${shown(low)} to ${shown(high)}`);
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
