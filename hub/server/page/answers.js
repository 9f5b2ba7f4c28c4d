// What a model answered, by its form: a picture, a sound, a table of labels, or JSON.

import { bar, make, saving, table } from "/page/dom.js";

/** The parts of the page that show an answer of HTTP; one of JSON as `told` has it. */
export async function shown(answer, told = ofJson) {
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.startsWith("application/json")) return told(await answer.json());
  const blob = await answer.blob();
  if (kind.startsWith("image/")) return [made("img", { alt: "The answer" }, blob), saved(blob, "answer.png")];
  if (kind.startsWith("audio/")) return [made("audio", { controls: true, "aria-label": "The answer" }, blob), saved(blob, "answer.wav")];
  return [saved(blob, "answer")];
}

export function ofJson(value) {
  const rows = labelled(value);
  return withJson(value, rows ? [labels(rows)] : []);
}

/** What was made of an answer, and behind it the answer itself, which is open where nothing could be made of it. */
export function withJson(value, parts) {
  return [...parts, make("details", { open: !parts.length }, make("summary", {}, "JSON"), make("pre", { tabindex: 0 }, JSON.stringify(value, null, 2)))];
}

const made = (kind, attributes, blob) => make(kind, { ...attributes, src: URL.createObjectURL(blob) });
const saved = (blob, name) => make("p", { class: "actions" }, saving(`Save ${name}`, blob, name));

/** Rows of an answer that is a list of labels with scores, also one in a list of one; else nothing. */
export function labelled(value) {
  const list = Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value;
  const able = Array.isArray(list) && list.length && list.every((each) => typeof each?.score === "number");
  return able ? list : null;
}

/** Labels with bars as long as their scores. */
export function labels(rows) {
  return table(["label", "score", ""], rows.map((each) => {
    const name = each.label ?? each.token_str ?? each.word ?? each.text ?? "";
    return [String(name), each.score.toFixed(each.score < 0.01 ? 4 : 3), bar(each.score)];
  }), "Labels");
}
