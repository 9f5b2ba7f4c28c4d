// A text in, a sound out: to be heard and saved.

import { shown } from "/page/answers.js";
import { field, make, press, replace, timed } from "/page/dom.js";
import { answerOf } from "/page/net.js";

export function mount(root, model) {
  const text = make("textarea", { rows: 4, required: true });
  text.value = "Good morning. The kettle is on.";
  const speed = make("input", { type: "number", min: 0.3, max: 3, step: 0.1, value: 1 });
  const result = make("div", { class: "result" }), state = make("p", { role: "status", class: "quiet" });
  const button = make("button", { class: "main" }, "Say it");
  root.append(make("form", { onsubmit: (event) => {
    event.preventDefault();
    press(button, () => timed(state, "Speaking", "Said", async () => {
      const parameters = speed.value && Number(speed.value) !== 1 ? { speed: Number(speed.value) } : {};
      replace(result, ...await shown(await answerOf(model, { json: { inputs: text.value, parameters } })));
      result.querySelector("audio")?.play().catch(() => {}); // browsers may want a press first
    }));
  } }, field("Text", text), make("div", { class: "fields" }, field("Speed", speed, "2 speaks twice as fast")), make("p", { class: "actions" }, button)), state, result);
}
