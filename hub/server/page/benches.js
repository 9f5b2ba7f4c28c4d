// What was measured on this machine, as dots: speed against size, and against what was lost.

import { scatter } from "/page/charts.js";
import { byId, field, make, number, size, table } from "/page/dom.js";
import { get } from "/page/net.js";

const LEAST = 0.0001, COLOURS = 8;
let list = [];

export async function enter() {
  list = (await get("/hub/v1/benches")).benches.filter((bench) => bench.points.length);
  const root = byId("benches");
  if (!list.length) {
    root.replaceChildren(make("p", {}, "Nothing was measured on this machine yet. On it: ", make("code", {}, "hub bench MODEL"),
      " measures every way to run a model, ", make("code", {}, "hub tune MODEL"), " remembers the best, and ", make("code", {}, "hub compress MODEL RECIPE"), " says what a compression costs."));
    return;
  }
  const chosen = root.querySelector("select")?.value ?? "0", shown = make("div");
  const select = make("select", { onchange: () => show(shown, list[select.value]) },
    list.map((bench, at) => make("option", { value: at, selected: String(at) === chosen }, `${bench.reference ?? bench.model} · hub ${bench.by} · ${String(bench.measured).slice(0, 10)}`)));
  root.replaceChildren(field("Measured", select), shown);
  show(shown, list[select.value] ?? list[0]);
}

function show(root, bench) {
  const { points } = bench, backends = [...new Set(points.map((point) => point.backend))].sort();
  const colour = (point) => backends.indexOf(point.backend) % COLOURS;
  const units = new Set(points.map((point) => point.unit)), unit = units.size === 1 ? [...units][0] : "units";
  const speed = { name: `${unit} a second`, of: (point) => point.speed };
  const bytes = { name: "size on disk", of: (point) => point.size, tick: size };
  const loss = { name: "loss", of: (point) => point.loss, log: true, least: LEAST, tick: (value) => String(Number(value.toPrecision(1))) };
  const known = points.filter((point) => typeof point.loss === "number"), drawings = [];
  drawings.push(figure("Speed and size: up and left is better", scatter(points, bytes, speed, colour)));
  if (known.some((point) => point.loss > 0)) drawings.push(figure("Speed and loss: up and left is better", scatter(known, loss, speed, colour)));
  const key = make("p", { class: "legend" }, backends.map((name, at) => make("span", { class: `c${at % COLOURS}` }, make("i"), name)),
    points.some((point) => point.pareto) && make("span", {}, "filled, and * below: nothing else is smaller, faster and closer at once"));
  root.replaceChildren(about(bench), key, make("div", { class: "figures" }, drawings), rows(points));
}

function about({ machine, winner, compared_with: origin }) {
  const on = machine && [machine.processor, machine.cores && `${machine.cores} cores`].filter(Boolean).join(", ");
  const best = winner && `Best for ${winner.goal}: ${[winner.variant, winner.recipe].filter(Boolean).join(" | ")} with ${winner.backend} on ${winner.device}, ${Number(winner.gain).toFixed(2)} × what is taken otherwise.`;
  return make("p", { class: "quiet" }, [on && `On ${on}.`, origin && `Loss is against ${origin}.`, best].filter(Boolean).join(" "));
}

/** What is lost; of what is there and too little to be written, at least that it is. */
function lost(loss) {
  if (typeof loss !== "number") return "–";
  return loss > 0 && loss < LEAST ? `< ${LEAST}` : String(Number(loss.toFixed(4)));
}

const figure = (caption, drawing) => make("figure", {}, make("figcaption", {}, caption), drawing);

function rows(points) {
  return table(["way", "size", "memory", "speed", "loss"], [...points].sort((a, b) => b.speed - a.speed).map((point) => [
    make("span", { title: point.command }, point.name, point.pareto && " *"), size(point.size), size(point.memory),
    make("span", { class: "short" }, `${number(point.speed)} ${point.unit}/s`, point.batch > 1 && make("small", {}, `${point.batch} at once`)), lost(point.loss),
  ]), "What was measured");
}
