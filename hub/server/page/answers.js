// What a model answered, by its form: a picture, a sound, a table of labels, or JSON.

import { make, saving, table } from "/page/dom.js";

/** The parts of the page that show an answer of HTTP. */
export async function shown(answer) {
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.startsWith("image/")) return picture(await answer.blob());
  if (kind.startsWith("audio/")) return sound(await answer.blob());
  if (!kind.startsWith("application/json")) return [saving("Save the answer", await answer.blob(), "answer")];
  return ofJson(await answer.json());
}

export function ofJson(value) {
  const rows = labelled(value);
  const whole = make("details", { open: !rows }, make("summary", {}, "JSON"), make("pre", { tabindex: 0 }, JSON.stringify(value, null, 2)));
  return rows ? [labels(rows), whole] : [whole];
}

export function sound(blob, name = "answer.wav") {
  const address = URL.createObjectURL(blob);
  return [make("audio", { controls: true, src: address, "aria-label": "The answer" }),
    make("p", { class: "actions" }, make("a", { class: "button", href: address, download: name }, `Save ${name}`))];
}

function picture(blob) {
  const address = URL.createObjectURL(blob);
  return [make("img", { src: address, alt: "The answer" }), make("p", { class: "actions" }, make("a", { class: "button", href: address, download: "answer.png" }, "Save answer.png"))];
}

/** Rows of an answer that is a list of labels with scores, also one in a list of one; else nothing. */
export function labelled(value) {
  const list = Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value;
  const able = Array.isArray(list) && list.length && list.every((each) => typeof each?.score === "number");
  return able ? list : null;
}

/** Labels with bars as long as their scores. */
export function labels(rows) {
  return table(["label", "score", ""], rows.map((each) => {
    const bar = make("div", { class: "bar score" }, make("b"));
    bar.firstChild.style.width = `${Math.max(0, Math.min(100, 100 * each.score))}%`;
    const name = each.label ?? each.token_str ?? each.word ?? each.text ?? "";
    return [String(name), each.score.toFixed(each.score < 0.01 ? 4 : 3), bar];
  }), "Labels");
}
