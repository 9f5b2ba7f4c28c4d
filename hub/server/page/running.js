// Models in memory: what they do now and did in the last minutes; loaded, pinned and unloaded by who may.

import { spark } from "/page/charts.js";
import { attempt, byId, duration, make, press, size } from "/page/dom.js";
import { get, post } from "/page/net.js";
import { grouped, measured, models, server } from "/page/state.js";

const PAUSE = 2000, ROOM = 60;
const past = new Map();
const cards = new Map();
let clock = 0;

export async function enter() {
  clearInterval(clock);
  byId("loading").hidden = !server.admin;
  if (!server.admin) {
    byId("state").textContent = "What runs is for an admin's key.";
    return;
  }
  clock = setInterval(() => { if (!document.hidden) look().catch((error) => { byId("state").textContent = error.message; }); }, PAUSE);
  await choices();
  await look();
}

export function leave() {
  clearInterval(clock);
}

async function choices() {
  const chosen = byId("toload").value;
  byId("toload").replaceChildren(...grouped(await models()).map(([task, list]) =>
    make("optgroup", { label: task }, list.map((model) => make("option", { value: model.id, selected: model.id === chosen }, model.name)))));
}

async function look() {
  const found = await get("/hub/v1/ps"), now = performance.now() / 1000;
  measured({ free: found.free_memory, total: found.total_memory });
  const taken = found.models.reduce((sum, model) => sum + (model.memory || model.expected_memory), 0);
  byId("state").textContent = [found.trouble,
    found.loading.length && `${found.loading.join(", ")}: being loaded …`,
    found.models.length ? `${found.models.length} ${found.models.length === 1 ? "model takes" : "models take"} ${size(taken)} of memory.`
      : !found.loading.length && "No model is loaded: each is when it is first asked for."].filter(Boolean).join(" ");
  for (const [name, card] of cards) if (!found.models.some((model) => model.name === name)) { card.remove(); cards.delete(name); past.delete(name); }
  for (const model of found.models) {
    const all = [...(past.get(model.name) ?? []), { now, ...model }].slice(-ROOM);
    past.set(model.name, all);
    if (!cards.has(model.name)) {
      cards.set(model.name, make("li", { class: "card" }));
      byId("loaded").append(cards.get(model.name));
    }
    show(cards.get(model.name), model, all);
  }
}

/** How fast something that only grows did, between each look and the next. */
function rates(all, name) {
  const found = all.slice(1).map((each, at) => Math.max(0, (each[name] - all[at][name]) / Math.max(0.1, each.now - all[at].now)));
  return found.length ? found : [0];
}

/** The parts that change are put in anew; buttons stay, so that the focus does. */
function show(card, model, all) {
  if (!card.firstChild) {
    card.append(make("div", { class: "head" }), make("p", { class: "quiet" }), make("dl", { class: "charts" }), buttons(model.name, card));
  }
  card.model = model;
  const writes = model.task === "text-generation", speed = rates(all, writes ? "pieces" : "answered"), cpu = rates(all, "cpu_seconds");
  const [head, line, charts, actions] = card.children;
  const gone = model.unload_in === null ? "stays" : model.running || model.waiting ? "is busy" : `unloads in ${duration(model.unload_in)}`;
  head.replaceChildren(make("h2", {}, model.name), model.pinned ? make("span", { class: "state good" }, "pinned") : "");
  line.textContent = `${model.task} · ${model.backend} on ${model.device} · loaded in ${model.load_seconds.toFixed(1)} s · ${gone}`;
  charts.replaceChildren(...[
    chart(writes ? "tokens/s" : "answers/s", speed, speed.at(-1).toFixed(1)),
    chart("requests", all.map((each) => each.running + each.waiting), `${model.running} of ${model.slots} · ${model.waiting} wait`),
    chart("memory", all.map((each) => each.memory), size(model.memory)),
    chart("cores", cpu, cpu.at(-1).toFixed(1)),
  ].flat());
  actions.firstChild.textContent = model.pinned ? "Unpin" : "Pin";
  actions.firstChild.setAttribute("aria-label", `${model.pinned ? "Unpin" : "Pin"} ${model.name}`);
}

function chart(name, values, told) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, spark(values, ROOM, name), make("span", {}, told)));
}

function buttons(name, card) {
  const pin = make("button", { type: "button", onclick: () => press(pin, async () => {
    await post("/hub/v1/pin", { model: name, pinned: !card.model.pinned });
    await look();
  }) }, "Pin");
  const stop = make("button", { type: "button", "aria-label": `Unload ${name}`, onclick: () => press(stop, async () => {
    await post("/hub/v1/stop", { model: name });
    await look();
  }) }, "Unload");
  return make("p", { class: "actions" }, pin, stop);
}

byId("loading").addEventListener("submit", (event) => {
  event.preventDefault();
  const button = byId("loading").querySelector("button");
  press(button, async () => {
    const loaded = post("/hub/v1/load", { model: byId("toload").value });
    await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 300))]);
    await look();
    await loaded;
    await look();
  });
});
document.addEventListener("pulled", () => { if (!byId("running").hidden) attempt(choices); });
