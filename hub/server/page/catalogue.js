// The list of models: found by words, by task, by what is here and what fits.

import { open } from "/page/card.js";
import { attempt, byId, count, make, size } from "/page/dom.js";
import { get, tryOf } from "/page/net.js";
import * as pulls from "/page/pulls.js";
import { measured, server } from "/page/state.js";

const PAUSE = 150, FEW = 60, MOST = 500;
let clock = 0, asked = 0, limit = FEW;

export function enter() {
  pulls.watch();
  return list();
}

async function list() {
  const mine = ++asked;
  const query = new URLSearchParams({ limit });
  if (byId("search").value.trim()) query.set("q", byId("search").value.trim());
  if (byId("task").value) query.set("task", byId("task").value);
  for (const name of ["here", "fits"]) if (byId(name).checked) query.set(name, "1");
  const found = await get(`/hub/v1/catalogue?${query}`);
  if (mine !== asked) return; // something newer was asked for
  measured(found.memory);
  choices(found.tasks);
  const near = found.models.some((model) => model.near);
  byId("count").textContent = words(found, near);
  byId("list").replaceChildren(...found.models.map(card));
  if (found.total > found.models.length) byId("list").append(more(found.total - found.models.length));
}

function words(found, near) {
  if (near) return "Nothing is called so; this comes near.";
  if (found.total) return `${found.total} ${found.total === 1 ? "model" : "models"}`;
  return byId("here").checked ? "None of them is on this machine. Pull one, or run: hub pull MODEL" : "Nothing found.";
}

function more(left) {
  return make("li", { class: "bare" }, limit < MOST ? make("button", { type: "button", onclick: () => { limit = Math.min(MOST, limit + 2 * FEW); attempt(list); } }, `Show more of ${left}`)
    : `${left} more: find them by words or by task.`);
}

function choices(tasks) {
  const chosen = byId("task").value;
  const names = Object.keys(tasks);
  if (chosen && !names.includes(chosen)) names.push(chosen);
  byId("task").replaceChildren(make("option", { value: "" }, "all"),
    ...names.map((name) => make("option", { value: name, selected: name === chosen }, `${name} (${tasks[name] ?? 0})`)));
}

function card(model) {
  const { free } = server.memory, here = model.here.length > 0;
  const fits = free === null || model.memory <= free;
  const facts = [model.parameters && `${count(model.parameters)} parameters`, `${size(model.size)} on disk`,
    `≈ ${size(model.memory)} in memory`, model.variants.length > 1 && `${model.variants.length} variants`];
  const onclick = () => attempt(() => open(model.registry ? model.id : model.name));
  const name = make("h2", {}, make("button", { type: "button", class: "plain", onclick }, model.name));
  return make("li", { class: "card" },
    make("div", { class: "head" }, name,
      here && make("span", { class: "state good" }, "here"), !fits && make("span", { class: "state bad" }, "does not fit now")),
    make("p", { class: "tags" }, make("span", {}, model.task || "unknown task"), make("span", {}, model.license || "unknown licence"),
      model.formats.map((format) => make("span", {}, format))),
    make("p", {}, model.summary),
    make("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")),
    make("p", { class: "actions" },
      here && make("a", { class: "button main", href: tryOf(model.name) }, "Try it"),
      !here && server.pulls && pulls.button(model.id, "", "Pull"),
      make("button", { type: "button", "aria-label": `Details of ${model.name}`, onclick }, "Details")));
}

function soon() {
  clearTimeout(clock);
  clock = setTimeout(() => { limit = FEW; attempt(list); }, PAUSE);
}

byId("search").addEventListener("input", soon);
for (const name of ["task", "here", "fits"]) byId(name).addEventListener("change", soon);
byId("filters").addEventListener("submit", (event) => { event.preventDefault(); soon(); });
document.addEventListener("pulled", () => { if (!byId("models").hidden) attempt(list); });
