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
    Object.assign(this, { left, wide, shown: new Set() });
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
    [box.value, box.delta] = [".value", ".delta"].map((name) => box.querySelector(name));
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
    this.meant = [place, ...ends].filter((k) => this.boxes[k]);
    this.boxes.forEach((box, k) => {
      box.classList.toggle("chosen", k === place);
      box.classList.toggle("reached", ends.has(k));
      box.classList.toggle("picked", Boolean(picked?.has(k)));
      box.setAttribute("aria-pressed", picked ? picked.has(k) : k === place);
      box.setAttribute("tabindex", k === (this.stop ?? place) ? 0 : -1);
    });
  }

  // Where a narrow page scrolls the picture: bring what has become lit into sight, never by a scroll of the page itself

  reveal() {
    const frame = this.svg.parentElement, room = frame?.clientWidth;
    const fresh = this.meant.filter((k) => !this.shown.has(k));
    this.shown = new Set(this.meant);
    if (!frame || !fresh.length || frame.scrollWidth <= room) return;
    const scale = this.svg.getBoundingClientRect().width / this.wide;
    const span = (ks) => {
      const xs = ks.map((k) => this.graph.places[k].at[0] - this.left);
      const side = this.graph.half[0] + 6; // with its border
      return [scale * (Math.min(...xs) - side), scale * (Math.max(...xs) + side)];
    };
    const [low, high] = [this.meant, fresh, fresh.slice(0, 1)].map(span).find(([low, high], n) => n === 2 || high - low <= room);
    const left = low < frame.scrollLeft ? low : Math.max(frame.scrollLeft, high - room);
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (left !== frame.scrollLeft) frame.scrollTo({ left, behavior: isCalm ? "instant" : "smooth" });
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
