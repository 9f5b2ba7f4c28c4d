// Texts compared by their embeddings: the cosine of each pair, as a table with colours.

import { field, make, press } from "/page/dom.js";
import { post } from "/page/net.js";

const EXAMPLE = "A man is eating food.\nSomeone is having a meal.\nThe stock market fell sharply.\nIt rained all day.";

export function mount(root, model) {
  const texts = make("textarea", { rows: 6, required: true });
  texts.value = EXAMPLE;
  const shown = make("div");
  const button = make("button", { class: "main" }, "Compare");
  root.append(make("form", { onsubmit: (event) => {
    event.preventDefault();
    press(button, async () => shown.replaceChildren(...matrix(...await compared(texts.value, model))));
  } }, field("Texts to compare, one on each line", texts), make("p", { class: "actions" }, button)), shown);
}

async function compared(text, model) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const began = performance.now();
  const answer = await post("/v1/embeddings", { model: model.id, input: lines });
  return [lines, answer.data.map((item) => item.embedding), performance.now() - began];
}

function matrix(lines, vectors, took) {
  const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);
  const lengths = vectors.map((vector) => Math.sqrt(dot(vector, vector)) || 1);
  const cosine = (a, b) => dot(vectors[a], vectors[b]) / (lengths[a] * lengths[b]);
  const numbers = lines.map((_, place) => make("th", { scope: "col", title: lines[place] }, String(place + 1)));
  const rows = lines.map((line, row) => make("tr", {}, make("th", { scope: "row" }, `${row + 1}. ${line}`),
    lines.map((_, column) => heat(cosine(row, column), row === column))));
  const pairs = lines.flatMap((_, a) => lines.slice(a + 1).map((__, b) => [cosine(a, a + 1 + b), a, a + 1 + b])).sort((a, b) => b[0] - a[0]);
  return [
    make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Cosine of each pair" },
      make("table", { class: "matrix" }, make("caption", {}, "Cosine of each pair"), make("thead", {}, make("tr", {}, make("td"), numbers)), make("tbody", {}, rows))),
    pairs.length ? make("p", {}, "Nearest: ", make("strong", {}, lines[pairs[0][1]]), " and ", make("strong", {}, lines[pairs[0][2]])) : null,
    make("p", { class: "quiet" }, `${vectors.length} vectors of ${vectors[0]?.length ?? 0} numbers in ${took.toFixed(0)} ms`),
  ].filter(Boolean);
}

function heat(value, self) {
  const cell = make("td", { class: self ? "self" : "heat" }, (Math.abs(value) < 0.005 ? 0 : value).toFixed(2));
  cell.style.setProperty("--heat", `${Math.round(70 * Math.max(0, Math.min(1, value)))}%`);
  return cell;
}
