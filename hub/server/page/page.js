"use strict";
const byId = (name) => document.getElementById(name);
const tabs = [...document.querySelectorAll("[role=tab]")];
const history = new Map();
let models = [], turns = [], asking = null;

function make(kind, text, attributes = {}) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function tell(text) {
  byId("trouble").textContent = text;
  byId("trouble").hidden = !text;
}

async function ask(path, body, signal) {
  const key = sessionStorage.getItem("key");
  const headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
  if (answer.ok) return answer;
  if (answer.status === 401) { byId("door").hidden = false; byId("key").focus(); }
  const told = await answer.json().catch(() => ({}));
  throw new Error(told.error?.message ?? `The server answered with ${answer.status}`);
}

async function attempt(work) {
  tell("");
  try { await work(); } catch (error) { if (error.name !== "AbortError") tell(error.message); }
}

function show(tab) {
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    byId(each.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (tab.id === "tab-running") attempt(look);
}

for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    show(next);
    next.focus();
  });
}

function fill(select, task) {
  const able = models.filter((model) => model.task === task);
  select.replaceChildren(...able.map((model) => make("option", model.aliases[0] ?? model.id, { value: model.id })));
  if (!able.length) select.append(make("option", `no model here does ${task}`, { value: "" }));
}

function list() {
  const wanted = byId("search").value.toLowerCase().split(/\s+/);
  const fits = (model) => {
    const said = [model.id, model.task, model.license, model.summary, ...model.aliases].join(" ").toLowerCase();
    return wanted.every((word) => said.includes(word));
  };
  byId("list").replaceChildren(...models.filter(fits).map((model) => {
    const item = make("li");
    item.append(make("strong", model.aliases[0] ?? model.id), make("small", `${model.id} · ${model.task} · ${model.license}`));
    item.append(make("span", model.summary));
    return item;
  }));
  byId("none").hidden = models.length > 0;
}

async function load() {
  models = (await (await ask("/v1/models")).json()).data;
  list();
  fill(byId("talker"), "text-generation");
  fill(byId("embedder"), "feature-extraction");
}

async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: {")) yield JSON.parse(line.slice(6));
  }
}

function say(who, text) {
  const said = make("p", text, { class: who });
  byId("said").append(said);
  byId("said").scrollTop = byId("said").scrollHeight;
  return said;
}

async function talk(text) {
  turns.push({ role: "user", content: text });
  say("user", text);
  const said = say("assistant", "");
  asking = new AbortController();
  byId("send").disabled = true;
  byId("stop").disabled = false;
  try {
    const body = { model: byId("talker").value, messages: turns, stream: true };
    for await (const event of events(await ask("/v1/chat/completions", body, asking.signal))) {
      if (event.error) throw new Error(event.error.message);
      said.append(event.choices[0]?.delta?.content ?? "");
      byId("said").scrollTop = byId("said").scrollHeight;
    }
  } finally {
    byId("send").disabled = false;
    byId("stop").disabled = true;
    if (said.textContent) turns.push({ role: "assistant", content: said.textContent });
    else { turns.pop(); said.remove(); }
  }
}

async function compare() {
  const texts = byId("texts").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const answer = await (await ask("/v1/embeddings", { model: byId("embedder").value, input: texts })).json();
  const vectors = answer.data.map((item) => item.embedding);
  const dot = (a, b) => a.reduce((sum, value, place) => sum + value * b[place], 0);
  const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
  const head = make("tr");
  head.append(make("th", ""), ...texts.map((text) => make("th", text, { scope: "col" })));
  const rows = vectors.map((vector, place) => {
    const row = make("tr");
    row.append(make("th", texts[place], { scope: "row" }), ...vectors.map((other) => make("td", cosine(vector, other).toFixed(2))));
    return row;
  });
  byId("likeness").replaceChildren(make("caption", "Cosine of each pair"), head, ...rows);
}

function chart(values) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "polyline");
  const most = Math.max(...values, 1);
  line.setAttribute("points", values.map((value, place) => `${place * 2},${18 - 16 * value / most}`).join(" "));
  picture.setAttribute("width", "80");
  picture.setAttribute("height", "20");
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  return picture;
}

async function look() {
  const found = await (await ask("/hub/v1/ps")).json();
  byId("state").textContent = found.trouble || (found.models.length ? "" : "No model is loaded: each is when it is first asked for.");
  byId("loaded").tBodies[0].replaceChildren(...found.models.map((model) => {
    const past = [...(history.get(model.name) ?? []), model.memory].slice(-40);
    history.set(model.name, past);
    const row = make("tr"), memory = make("td", `${(model.memory / 1e6).toFixed(0)} MB`), last = make("td");
    memory.append(chart(past));
    const stop = make("button", "Unload", { "aria-label": `Unload ${model.name}` });
    stop.addEventListener("click", () => attempt(async () => { await ask("/hub/v1/stop", { model: model.name }); await look(); }));
    last.append(stop);
    row.append(make("th", model.name, { scope: "row" }), make("td", model.backend), memory);
    row.append(make("td", `${model.running}/${model.slots}`), make("td", String(model.waiting)), last);
    return row;
  }));
}

byId("search").addEventListener("input", list);
byId("stop").addEventListener("click", () => asking?.abort());
byId("fresh").addEventListener("click", () => { asking?.abort(); turns = []; byId("said").replaceChildren(); });
byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text || byId("send").disabled) return;
  byId("text").value = "";
  attempt(() => talk(text));
});
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); byId("ask").requestSubmit(); }
});
byId("compare").addEventListener("submit", (event) => { event.preventDefault(); attempt(compare); });
byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", byId("key").value);
  byId("door").hidden = true;
  attempt(load);
});
setInterval(() => { if (!byId("running").hidden && !document.hidden) attempt(look); }, 2000);
attempt(load);
