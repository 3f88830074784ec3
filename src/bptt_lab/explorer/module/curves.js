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
