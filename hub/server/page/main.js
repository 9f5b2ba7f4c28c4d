// Joins the parts: tabs and their addresses, who asks, and the key where one is needed.

import * as benches from "/page/benches.js";
import * as catalogue from "/page/catalogue.js";
import { attempt, byId } from "/page/dom.js";
import * as keys from "/page/keys.js";
import { get, useKey } from "/page/net.js";
import * as playground from "/page/playground.js";
import * as running from "/page/running.js";
import { measured, server } from "/page/state.js";
import * as usage from "/page/usage.js";

const parts = { models: catalogue, try: playground, running, benches, usage, keys };
const tabs = [...document.querySelectorAll("[role=tab]")];
const shown = () => tabs.filter((tab) => !tab.hidden);
let current = null, known = false;

function place() {
  const [part, ...rest] = location.hash.slice(1).split("/");
  return [shown().some((tab) => tab.id === `tab-${part}`) ? part : "models", plain(rest.join("/"))];
}

/** What somebody typed may be no code of anything, and then stands for itself. */
function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function show() {
  if (!known) return; // before the server has told what there is, nothing can be shown of it
  const [part, rest] = place();
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${part}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  if (current && current !== part) parts[current].leave?.();
  current = part;
  attempt(() => parts[part].enter(rest));
}

function go(tab) {
  const wanted = `#${tab.getAttribute("aria-controls")}`;
  if (location.hash !== wanted) history.pushState(null, "", wanted);
  show();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => go(tab));
  tab.addEventListener("keydown", (event) => {
    const all = shown(), last = all.length - 1, at = all.indexOf(tab);
    const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    go(all[next]);
    all[next].focus();
  });
}

async function start() {
  Object.assign(server, await get("/hub/v1/about"));
  known = true;
  byId("door").hidden = true;
  byId("tab-keys").hidden = !server.admin;
  measured(server.memory);
  show();
}

document.addEventListener("keyneeded", () => {
  byId("door").hidden = false;
  byId("key").focus();
});
byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  byId("key").value = "";
  attempt(start);
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", show);
attempt(start);
