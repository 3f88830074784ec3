// The numbers of a network, by the programs that were printed from its derivation. `v` holds values, `m` immediate
// derivatives, `d` total derivatives, by entry: nothing here knows a formula.

const POINTS = 33; // of a curve
const MOST_PATHS = 64;

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
