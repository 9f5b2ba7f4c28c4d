// Downloads of the server: begun here or elsewhere, they are shown to whoever may manage, also after a reload.

import { attempt, byId, duration, make, press, size } from "/page/dom.js";
import { ask, events, get, post, tryOf } from "/page/net.js";
import { server } from "/page/state.js";

const STATES = { waiting: "waits for its turn", done: "is here", failed: "failed", cancelled: "was given up" };
const dismissed = new Set();
const seen = new Map(); // states of those that ran while somebody looked
const rows = new Map(); // they stay while what they tell changes: a button that went would take a press and the focus with it
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
  const came = pulls.filter((pull) => pull.state === "done" && (seen.get(pull.id) ?? "done") !== "done");
  for (const pull of pulls) if (running(pull) || seen.has(pull.id)) seen.set(pull.id, pull.state);
  const left = pulls.filter((pull) => !dismissed.has(pull.id) && (seen.has(pull.id) || pull.state === "failed"));
  byId("pulls").hidden = !left.length;
  for (const [id, row] of rows) if (!left.some((pull) => pull.id === id)) { row.remove(); rows.delete(id); }
  for (const pull of left) {
    if (!rows.has(pull.id)) {
      rows.set(pull.id, make("div", {}, make("span"), make("progress"), make("p"), make("span", { class: "actions" })));
      byId("pulls").append(rows.get(pull.id));
    }
    fill(rows.get(pull.id), pull);
  }
  if (came.length) document.dispatchEvent(new Event("pulled"));
}

function fill(row, pull) {
  const name = [pull.name, pull.variant].filter(Boolean).join(":"), [told, progress, note, actions] = row.children;
  told.replaceChildren(make("strong", {}, name), ` ${words(pull)}`);
  progress.hidden = pull.state !== "running";
  progress.setAttribute("aria-label", name);
  if (pull.total) [progress.max, progress.value] = [pull.total, pull.done];
  note.textContent = pull.error || pull.said;
  note.hidden = !note.textContent;
  note.className = pull.error ? "badtext" : "quiet";
  const state = `pull ${pull.state}${pull.ending ? " ending" : ""}`;
  if (row.className === state) return;
  row.className = state;
  actions.replaceChildren(...choices(pull, name));
}

function words(pull) {
  if (pull.ending) return "is being given up";
  if (pull.state !== "running") return STATES[pull.state];
  if (!pull.total) return "looks for a variant that runs here";
  const rate = pull.seconds > 1 ? pull.done / pull.seconds : 0;
  const left = rate && pull.done < pull.total ? `, ${duration((pull.total - pull.done) / rate)} left` : "";
  return `${size(pull.done)} of ${size(pull.total)}${rate ? ` at ${size(rate)}/s` : ""}${left}`;
}

function choices(pull, name) {
  if (running(pull)) return pull.ending ? [] : [make("button", { type: "button", "aria-label": `Give up ${name}`, onclick: () => attempt(() => ask(`/hub/v1/pulls/${pull.id}`, { method: "DELETE" })) }, "Give up")];
  return [
    pull.state === "done" ? make("a", { class: "button", href: tryOf(pull.name) }, "Try it") : button(pull.model, pull.variant, "Try again", () => dismissed.add(pull.id)),
    make("button", { type: "button", "aria-label": `Dismiss ${name}`, onclick: () => { dismissed.add(pull.id); attempt(async () => show((await get("/hub/v1/pulls")).pulls)); } }, "Dismiss"),
  ];
}
