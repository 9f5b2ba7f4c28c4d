// Trying a model: the part of the page that fits its task.

import * as chat from "/page/chat.js";
import { attempt, byId, make, replace } from "/page/dom.js";
import * as hearing from "/page/hearing.js";
import { tryOf } from "/page/net.js";
import * as pictures from "/page/pictures.js";
import * as plain from "/page/plain.js";
import * as speech from "/page/speech.js";
import { grouped, models, server } from "/page/state.js";
import * as vectors from "/page/vectors.js";

const BY_TASK = { "text-generation": chat, "feature-extraction": vectors, "text-to-speech": speech, "text-to-audio": speech };
const BY_INPUT = { image: pictures, audio: hearing };

let listed = [], mounted = "";

export async function enter(wanted) {
  listed = await models();
  const select = byId("model"), before = wanted || select.value;
  select.replaceChildren(...grouped(listed).map(([task, list]) =>
    make("optgroup", { label: task }, list.map((model) => make("option", { value: model.id }, model.name)))));
  const found = listed.find((model) => [model.name, model.id, ...model.aliases].includes(before));
  const first = listed.find((model) => model.task === "text-generation") ?? listed[0];
  if (found ?? first) select.value = (found ?? first).id;
  mount();
  if (wanted && !found) throw new Error(`'${wanted}' is not on this machine. Pull it first: see Models.`);
}

export function leave() {
  byId("ground").querySelectorAll("audio").forEach((sound) => sound.pause());
}

function mount() {
  const model = listed.find((each) => each.id === byId("model").value), ground = byId("ground");
  if (!model) {
    mounted = "";
    ground.replaceChildren(make("p", {}, "No model is on this machine yet. ", make("a", { href: "#models" }, "Pull one"), "."));
    return;
  }
  if (mounted === model.id) return; // what was said and shown stays
  mounted = model.id;
  const kinds = server.tasks[model.task] ?? { inputs: [], outputs: [], suffixes: [], files: false, summary: "" };
  const part = BY_TASK[model.task] ?? (kinds.files ? BY_INPUT[kinds.inputs[0]] : undefined) ?? plain;
  replace(ground);
  attempt(() => part.mount(ground, model, kinds));
}

byId("model").addEventListener("change", () => {
  const model = listed.find((each) => each.id === byId("model").value);
  history.replaceState(null, "", tryOf(model.name));
  mount();
});
