// A game: the arrows of a chain rule, its immediate derivatives, the order of the deltas. Every move is judged.

class Game {
  constructor(explorer, place) {
    this.explorer = explorer;
    this.diary = explorer.diary;
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

  // `stage`, `chosen` and `slip` are for the diary

  judge(is_right, words, stage, chosen, slip = "") {
    this.moves += 1;
    this.verdict = words;
    this.slips += is_right ? 0 : 1;
    const about = { derivation: this.say(this.place), steps: this.graph.T };
    this.diary.move(about, stage, chosen, is_right, slip);
    if (this.part === 4) this.diary.send({ ...about, moves: this.moves, wrong: this.slips });
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
    const chosen = [...this.picked].map((k) => this.say(k));
    const judge = (is_right, words, slip) => this.judge(is_right, words, "arrows", chosen, slip);
    const forgotten = users.filter((k) => !this.picked.has(k));
    if (!this.picked.size) return this.explorer.tell("Choose boxes in the picture first.");
    if (this.checked) return this.explorer.tell(this.verdict);
    this.checked = true;
    this.explorer.lit = null;
    if (wrong.length) return judge(false, this.misfit(wrong[0]), "not in the equation");
    if (forgotten.length) {
      this.explorer.lit = new Map(forgotten.flatMap((k) => [...this.explorer.along([this.place, k])]));
      const those = forgotten.length > 1 ? "Paths are forgotten: those that begin with the arrows" : "A path is forgotten: the one that begins with the arrow";
      return judge(false, `${those} to ${listed(forgotten.map((k) => this.say(k)))}, lit now.`, "forgotten path");
    }
    this.part = 2;
    judge(true, `Right. ${users.length > 1 ? `${users.length} arrows, so ${users.length} terms` : "One arrow, so one term"}.`);
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
      return this.judge(false, this.explorer.data.pool[choice.says], "slopes", [choice.text], choice.slip);
    }
    this.solved += 1;
    this.tried.clear();
    if (this.solved === this.rule.terms.length) this.part = this.needed().length > 1 ? 3 : 4;
    this.judge(true, "Right.", "slopes", [choice.text]);
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
      return this.judge(false, `Not yet: the derivative by ${this.say(k)} needs ${those}.`, "order", [this.say(k)], "too early");
    }
    this.explorer.lit = null;
    this.ordered.push(k);
    if (k === this.place) this.part = 4;
    this.judge(true, this.part === 4 ? "Done: this is the derivation that the machine proved." : `Right: the derivatives by all that ${this.say(k)} influences are there.`, "order", [this.say(k)]);
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
