// Downloads of the server: begun here or elsewhere, they are shown to whoever may manage, also after a reload.

import { attempt, byId, make, press, size } from "/page/dom.js";
import { ask, events, get, post } from "/page/net.js";
import { server } from "/page/state.js";

const STATES = { waiting: "waits for its turn", done: "is here", failed: "failed", cancelled: "was given up" };
const dismissed = new Set();
const seen = new Map();
let watching = false;

export function button(model, variant, text, then = () => {}) {
  const label = variant ? `${text} ${model}:${variant}` : `${text} ${model}`;
  const pressed = make("button", { type: "button", "aria-label": label, onclick: () => press(pressed, async () => {
    const pull = await post("/hub/v1/pulls", { model, variant });
    seen.set(pull.id, "running"); // it may have ended before the next look
    then();
    watch();
  }) }, text);
  return pressed;
}

/** Show what runs, and go on until nothing does. */
export async function watch() {
  if (!server.pulls || watching) return;
  watching = true;
  try {
    const { pulls } = await get("/hub/v1/pulls");
    show(pulls);
    if (pulls.some(running)) for await (const told of events(await ask("/hub/v1/pulls/events"))) show(told.pulls);
  } catch (error) {
    if (error.name !== "AbortError") setTimeout(watch, 3000); // the server may be back by then
  } finally {
    watching = false;
  }
}

const running = (pull) => pull.state === "running" || pull.state === "waiting";

function show(pulls) {
  const left = pulls.filter((pull) => running(pull) || (seen.has(pull.id) && !dismissed.has(pull.id)) || (pull.state === "failed" && !dismissed.has(pull.id)));
  byId("pulls").hidden = !left.length;
  byId("pulls").replaceChildren(...left.map(row));
  const came = pulls.filter((pull) => pull.state === "done" && seen.get(pull.id) && seen.get(pull.id) !== "done");
  for (const pull of pulls) seen.set(pull.id, running(pull) || seen.has(pull.id) ? pull.state : undefined);
  for (const [id, state] of seen) if (state === undefined) seen.delete(id);
  if (came.length) document.dispatchEvent(new Event("pulled"));
}

function row(pull) {
  const name = [pull.name, pull.variant].filter(Boolean).join(":");
  const rate = pull.seconds > 1 ? pull.done / pull.seconds : 0;
  const rest = rate && pull.done < pull.total ? `, ${Math.ceil((pull.total - pull.done) / rate)} s left` : "";
  const told = pull.ending ? "is being given up" : pull.state !== "running" ? STATES[pull.state]
    : pull.total ? `${size(pull.done)} of ${size(pull.total)}${rate ? ` at ${size(rate)}/s` : ""}${rest}` : "looks for a variant that runs here";
  const again = pull.state === "failed" || pull.state === "cancelled";
  return make("div", { class: `pull ${pull.state}` },
    make("span", {}, make("strong", {}, name), ` ${told}`),
    pull.state === "running" && make("progress", { max: pull.total || null, value: pull.total ? pull.done : null, "aria-label": name }),
    pull.error && make("p", { class: "badtext" }, pull.error), pull.said && !pull.error && make("p", { class: "quiet" }, pull.said),
    make("span", { class: "actions" },
      running(pull) && !pull.ending && make("button", { type: "button", "aria-label": `Give up ${name}`, onclick: () => attempt(() => ask(`/hub/v1/pulls/${pull.id}`, { method: "DELETE" })) }, "Give up"),
      pull.state === "done" && make("a", { class: "button", href: `#try/${pull.name}` }, "Try it"),
      again && button(pull.model, pull.variant, "Try again", () => dismissed.add(pull.id)),
      !running(pull) && make("button", { type: "button", "aria-label": `Dismiss ${name}`, onclick: () => { dismissed.add(pull.id); attempt(async () => show((await get("/hub/v1/pulls")).pulls)); } }, "Dismiss")));
}
