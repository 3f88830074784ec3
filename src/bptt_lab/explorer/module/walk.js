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
      const show = () => {
        this.view.light(this.hues(term.paths, k), this.data.goal);
        this.view.reveal();
      };
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
    this.view.reveal();
  }
}
