// Filters the rows of the ledger by words, verdict and source; without it the table is whole.

const form = document.querySelector("form.filter");
const rows = [...document.querySelectorAll("table.ledger tbody tr")];
const texts = new Map();

function textOf(row) {
  if (!texts.has(row)) {
    const words = [...row.querySelectorAll("p, th")].map((part) => part.textContent).join(" ");
    texts.set(row, `${words} ${row.dataset.typed} ${row.dataset.verdict} ${row.id}`.replaceAll("\u2011", "-").toLowerCase());
  }
  return texts.get(row);
}

function filter() {
  const { words, verdict, source } = form.elements;
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = (!verdict.value || row.dataset.verdict === verdict.value) && (!source.value || row.dataset.source === source.value)
      && (!wanted.length || wanted.every((word) => textOf(row).includes(word)));
    row.hidden = !fits;
    shown += fits;
  }
  form.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => {
  const row = document.getElementById(location.hash.slice(1));
  if (row?.hidden) form.reset(), filter(), row.scrollIntoView();
});
filter();
