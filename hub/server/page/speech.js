// A text in, a sound out: to be heard and saved.

import { shown } from "/page/answers.js";
import { field, make, press } from "/page/dom.js";
import { ask, inPath } from "/page/net.js";

export function mount(root, model) {
  const text = make("textarea", { rows: 4, required: true });
  text.value = "Good morning. The kettle is on.";
  const speed = make("input", { type: "number", min: 0.3, max: 3, step: 0.1, value: 1 });
  const result = make("div", { class: "result" }), state = make("p", { role: "status", class: "quiet" });
  const button = make("button", { class: "main" }, "Say it");
  root.append(make("form", { onsubmit: (event) => {
    event.preventDefault();
    press(button, async () => {
      const began = performance.now();
      state.textContent = "is said …";
      try {
        const parameters = speed.value && Number(speed.value) !== 1 ? { speed: Number(speed.value) } : {};
        const answer = await ask(`/tasks/${model.task}/${inPath(model.id)}`, { json: { inputs: text.value, parameters } });
        result.replaceChildren(...await shown(answer));
        state.textContent = `Said in ${((performance.now() - began) / 1000).toFixed(1)} s`;
        result.querySelector("audio")?.play().catch(() => {}); // browsers may want a press first
      } catch (error) {
        state.textContent = "";
        throw error;
      }
    });
  } }, field("Text", text), make("div", { class: "fields" }, field("Speed", speed, "2 speaks twice as fast")), make("p", { class: "actions" }, button)), state, result);
}
