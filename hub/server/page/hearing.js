// A sound in, from a file or the microphone; what is said, or when somebody speaks, out.

import { shown, withJson } from "/page/answers.js";
import { attempt, draw, make, press, replace, table, timed } from "/page/dom.js";
import { answerOf } from "/page/net.js";
import { picker } from "/page/picking.js";
import { asWav, canRecord, record } from "/page/sounds.js";

export function mount(root, model, kinds) {
  const state = make("p", { role: "status", class: "quiet" });
  const player = make("audio", { controls: true, hidden: true, "aria-label": "The sound" });
  const result = make("div", { class: "result" });

  async function hear(sound, name) {
    replace(result);
    if (player.src) URL.revokeObjectURL(player.src);
    player.src = URL.createObjectURL(sound);
    player.hidden = false;
    await timed(state, `${name}: listening`, `${name}: answered`, async () =>
      replace(result, ...await shown(await answerOf(model, { body: sound }), (value) => parts(value, player))));
  }

  /** Files that the server does not know are decoded here, where the browser can. */
  const then = (file) => attempt(async () => {
    const known = kinds.suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix));
    await hear(known ? file : await asWav(file).catch(() => file), file.name);
  });

  const place = picker("or drop a sound here", { accept: ["audio/*", ...kinds.suffixes].join(","), kind: "audio", then });
  if (canRecord()) place.append(microphone(state, hear));
  root.append(place, player, state, result);
}

function microphone(state, hear) {
  let end = null, clock = 0;
  const button = make("button", { type: "button", "aria-pressed": "false", onclick: () => press(button, async () => {
    if (end) return hear(await ended(), "What was said");
    end = await record().catch((error) => { throw new Error(`The microphone cannot be used: ${error.message}`); });
    pressed(true);
    const began = performance.now();
    const told = () => { state.textContent = `Speak now, and press again when you are done: ${Math.floor((performance.now() - began) / 1000)} s`; };
    told();
    clock = setInterval(() => (button.offsetParent ? told() : ended().catch(() => {})), 250); // nobody could end what is not shown
  }) }, "Record");

  /** Let go of the microphone; what it heard. */
  function ended() {
    const ending = end;
    end = null;
    clearInterval(clock);
    pressed(false);
    state.textContent = "";
    return ending();
  }

  function pressed(on) {
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Stop recording" : "Record";
  }
  return button;
}

function parts(value, player) {
  const spans = spoken(value), made = [];
  if (typeof value?.text === "string") made.push(make("h3", {}, "Text"), make("p", { class: "spoken" }, value.text.trim() || "(nothing was heard)"));
  if (spans.length) made.push(line(spans, player), rows(spans, player));
  else if (Array.isArray(value)) made.push(make("p", {}, "Nobody speaks."));
  return withJson(value, made);
}

/** Pieces with their times, of recognition or of detection. */
function spoken(value) {
  const list = Array.isArray(value) ? value : value?.chunks ?? [];
  return list.map((each) => ({ start: each.start ?? each.timestamp?.[0], end: each.end ?? each.timestamp?.[1], text: each.text ?? "" }))
    .filter((each) => typeof each.start === "number" && typeof each.end === "number");
}

function line(spans, player) {
  const long = Math.max(spans.at(-1).end, Number.isFinite(player.duration) ? player.duration : 0) || 1;
  return draw("svg", { class: "times", viewBox: "0 0 1000 40", preserveAspectRatio: "none", role: "img", "aria-label": "When it is spoken" },
    draw("line", { x1: 0, x2: 1000, y1: 20, y2: 20 }),
    spans.map((each) => draw("rect", { x: 1000 * each.start / long, width: Math.max(2, 1000 * (each.end - each.start) / long), y: 6, height: 28, rx: 3 })));
}

function rows(spans, player) {
  return table(["from", "to", "what"], spans.map((each) => [`${each.start.toFixed(2)} s`, `${each.end.toFixed(2)} s`,
    make("button", { type: "button", class: "plain", onclick: () => { player.currentTime = each.start; player.play(); } }, each.text.trim() || "Play")]), "Pieces");
}
