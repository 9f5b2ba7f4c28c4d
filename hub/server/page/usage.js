// What was used, by key, model and day: all of it for who may manage, a caller's own otherwise.

import { bars } from "/page/charts.js";
import { attempt, bar, byId, field, make, replace, saving, table } from "/page/dom.js";
import { get } from "/page/net.js";
import { server } from "/page/state.js";

const COLUMNS = ["day", "key", "model", "requests", "errors", "inputs", "prompt_tokens", "generated_tokens", "seconds"];
const MEASURES = { requests: (use) => use.requests, tokens: (use) => use.prompt_tokens + use.generated_tokens, seconds: (use) => use.seconds, errors: (use) => use.errors };
const DAYS = 30;

export async function enter() {
  const root = byId("usage");
  if (root.firstChild) return show();
  const since = make("input", { type: "date", id: "since", value: day(-DAYS + 1) }), until = make("input", { type: "date", id: "until", value: day(0) });
  const measure = make("select", { id: "measure" }, Object.keys(MEASURES).map((name) => make("option", {}, name)));
  for (const each of [since, until, measure]) each.addEventListener("change", () => attempt(show));
  root.append(make("div", { class: "fields" }, field("From", since), field("To", until), field("Show", measure)), make("div", { id: "used" }));
  return show();
}

const day = (ago) => new Date(Date.now() + ago * 86400000).toISOString().slice(0, 10);

async function show() {
  const query = new URLSearchParams({ since: byId("since").value, until: byId("until").value });
  const uses = (await get(`/hub/v1/usage?${query}`)).usage, name = byId("measure").value, of = MEASURES[name];
  if (!uses.length) {
    replace(byId("used"), make("p", {}, "Nothing was used in these days."));
    return;
  }
  const named = uses.map((use) => ({ ...use, key: use.key || "(no key)" }));
  const rows = [...named].reverse().map((use) => COLUMNS.map((column) => use[column]));
  replace(byId("used"),
    make("figure", {}, make("figcaption", {}, `${name} by day (UTC)`), bars(filled(sums(named, "day", of)), name)),
    make("div", { class: "figures" }, most("model", sums(named, "model", of), name), server.admin ? most("key", sums(named, "key", of), name) : null),
    table(COLUMNS.map((column) => column.replace("_", " ")), rows, "Usage"),
    make("p", { class: "actions" }, saving("Save usage.csv", new Blob([csv(named)], { type: "text/csv" }), "usage.csv")));
}

function sums(uses, by, of) {
  const found = new Map();
  for (const use of uses) found.set(use[by], (found.get(use[by]) ?? 0) + of(use));
  return [...found];
}

/** Days on which nothing was used, too, from the first to the last that something was. */
function filled(days) {
  const known = new Map(days), names = [...known.keys()].sort(), all = [];
  for (let at = new Date(names[0]); at <= new Date(names.at(-1)); at = new Date(at.getTime() + 86400000)) {
    const name = at.toISOString().slice(0, 10);
    all.push([name, known.get(name) ?? 0]);
  }
  return all;
}

function most(title, list, name) {
  const sorted = list.sort((a, b) => b[1] - a[1]).slice(0, 8), top = sorted[0]?.[1] || 1;
  return table([title, name, ""], sorted.map(([what, value]) => [what, value, bar(value / top)]), `By ${title}`);
}

/** As RFC 4180 has it; what a spreadsheet would take for a formula is kept from being one. */
function csv(uses) {
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [COLUMNS, ...uses.map((use) => COLUMNS.map((column) => use[column]))].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
