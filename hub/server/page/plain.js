// Any other task: a text, JSON or a file in, and whatever comes out.

import { shown } from "/page/answers.js";
import { attempt, field, make, press, replace, timed } from "/page/dom.js";
import { answerOf, get, inPath } from "/page/net.js";
import { picker } from "/page/picking.js";

export async function mount(root, model, kinds) {
  const state = make("p", { role: "status", class: "quiet" }), result = make("div", { class: "result" });
  const answered = (sent) => timed(state, "Answering", "Answered", async () => replace(result, ...await shown(await answerOf(model, sent))));

  if (kinds.summary) root.append(make("p", { class: "quiet" }, kinds.summary));
  if (kinds.files) {
    root.append(picker("or drop a file here", { then: (file) => attempt(() => answered({ body: file })) }), state, result);
    return;
  }
  const text = make("textarea", { rows: 5, required: true, spellcheck: "false" });
  const options = make("input", { type: "text", placeholder: '{"top_k": 3}', spellcheck: "false", autocomplete: "off" });
  const json = make("input", { type: "checkbox" });
  json.checked = kinds.inputs.length > 0 && kinds.inputs[0] !== "text";
  const button = make("button", { class: "main" }, "Answer");
  root.append(make("form", { onsubmit: (event) => {
    event.preventDefault();
    press(button, () => answered({ json: { inputs: json.checked ? read(text.value, "The input") : text.value, parameters: options.value.trim() ? read(options.value, "The options") : {} } }));
  } }, field(`Input (${kinds.inputs.join(" or ") || "JSON"})`, text), make("label", { class: "tick" }, json, " it is JSON"),
  field("Options, as JSON", options), make("p", { class: "actions" }, button)), state, result);
  const entry = await get(`/hub/v1/catalogue/${inPath(model.id)}`).catch(() => ({}));
  if (entry.example && !text.value) text.value = entry.example;
}

function read(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is no JSON: ${error.message}`);
  }
}
