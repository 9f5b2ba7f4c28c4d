// What the whole page knows of the server, and the models that may be named.

import { byId, size } from "/page/dom.js";
import { get } from "/page/net.js";

/** As `/hub/v1/about` tells: `admin`, `pulls`, `memory`, `tasks`, …. */
export const server = { admin: false, pulls: false, memory: { free: null, total: null }, tasks: {} };

/** Memory of the server's machine, `free` and `total`, as it was told last. */
export function measured(memory) {
  server.memory = memory;
  byId("machine").textContent = memory.free === null ? "" : `${size(memory.free)} of ${size(memory.total)} memory free`;
}

/** Models that are on this machine, as `/v1/models` tells, with what to call them. */
export async function models() {
  const { data } = await get("/v1/models");
  return data.map((model) => ({ ...model, name: model.aliases[0] ?? model.id })).sort((a, b) => a.name.localeCompare(b.name));
}

/** Options of models, grouped by their task. */
export function grouped(list) {
  const tasks = new Map();
  for (const model of list) tasks.set(model.task, [...(tasks.get(model.task) ?? []), model]);
  return [...tasks].sort(([a], [b]) => a.localeCompare(b));
}
