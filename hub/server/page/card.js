// One model in full: its variants, and how it would run on this machine. What it says of itself was written by strangers.

import { byId, count, make, size, table } from "/page/dom.js";
import { get, inPath, tryOf } from "/page/net.js";
import * as pulls from "/page/pulls.js";
import { server } from "/page/state.js";

const dialog = byId("card");

export async function open(name) {
  const model = await get(`/hub/v1/catalogue/${inPath(name)}`);
  const close = make("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "×");
  dialog.replaceChildren(close, make("h2", { id: "card-title" }, model.name), make("p", {}, model.summary),
    facts(model), costs(model), variants(model), actions(model));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function facts(model) {
  const rows = [["id", model.id], ["task", model.task], ["licence", model.license],
    ["parameters", model.parameters && count(model.parameters)],
    ["context", model.context_length && `${model.context_length.toLocaleString("en")} tokens`],
    ["family", model.family], ["tags", (model.tags ?? []).join(", ")], ["listed by", model.origin]];
  const links = Object.entries(model.links ?? {}).filter(([, address]) => /^https?:\/\//.test(address));
  return make("dl", {}, rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]),
    links.flatMap(([name, address]) => [make("dt", {}, name),
      make("dd", {}, make("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, address))]));
}

/** What it takes beside what there is, as the plan of this machine has it. */
function costs(model) {
  const plan = model.plan, { total, free } = model.memory;
  if (plan.refused) return make("div", { class: "note bad" }, make("strong", {}, "It does not run here now. "), plan.refused);
  const device = plan.device === "cpu" ? free : plan.free;
  const fits = device === null || plan.memory <= device;
  const own = total && plan.device === "cpu"; // of other devices it is told how much is free, not how much there is
  const parts = [["weights", plan.weights], ["cache", plan.cache], ["to work with", plan.working]].filter(([, bytes]) => bytes);
  return make("div", { class: "note" },
    make("strong", { class: fits ? "goodtext" : "badtext" }, fits ? "Fits: " : "Does not fit now: "),
    `${size(plan.memory)} of ${size(device)} that is free`, own ? `, of ${size(total)} in all.` : ".", own && beside(plan.memory, free, total),
    make("span", { class: "quiet" }, parts.map(([name, bytes]) => `${name} ${size(bytes)}`).join(" · ")),
    make("p", { class: "quiet" }, `It would run as ${[model.name, plan.variant].filter(Boolean).join(":")}`,
      plan.recipe && ` through ${plan.recipe}`, ` with ${plan.backend} on ${plan.device}`,
      plan.download ? `, after a download of ${size(plan.download)}.` : "."),
    (plan.notes ?? []).map((note) => make("p", { class: "quiet" }, note)));
}

/** What it takes, as a share of all, before what is taken already. */
function beside(memory, free, total) {
  const share = Math.min(100, 100 * memory / total);
  const bar = make("div", { class: "bar", role: "img", "aria-label": `${share.toFixed(0)} % of the memory of this machine` }, make("i"), make("b"));
  bar.children[0].style.width = `${100 * (total - (free ?? total)) / total}%`;
  bar.children[1].style.width = `${share}%`;
  return bar;
}

function variants(model) {
  const rows = model.variants.map((variant) => [
    make("span", {}, make("strong", {}, variant.name), variant.summary && make("small", {}, variant.summary),
      variant.yanked && make("small", { class: "badtext" }, `yanked: ${variant.yanked}`),
      variant.unsafe && make("small", { class: "badtext" }, "can carry code: runs only where pickle is allowed"),
      variant.missing.length > 0 && make("small", {}, `needs: hub plugin install ${variant.missing.join(" ")}`)),
    [variant.format, variant.precision].filter(Boolean).join(", "), size(variant.size), `≈ ${size(variant.memory)}`,
    variant.here ? "here" : server.pulls ? pulls.button(model.id, variant.name, "Pull", () => dialog.close()) : "–",
  ]);
  return table(["variant", "format", "size", "memory", ""], rows, "Variants");
}

function actions(model) {
  const able = model.here.length > 0 || model.variants.some((variant) => variant.here);
  const tried = make("a", { class: "button main", href: tryOf(model.name), onclick: () => dialog.close() }, "Try it");
  const told = make("p", { class: "quiet" }, "On the machine of the server: ", make("code", {}, `hub pull ${model.name}`));
  return make("div", { class: "actions" }, able ? tried : server.pulls ? null : told);
}

dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
