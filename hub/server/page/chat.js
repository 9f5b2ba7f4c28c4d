// A conversation, written as it comes, with what it took.

import { attempt, field, make } from "/page/dom.js";
import { ask, events } from "/page/net.js";

export function mount(root, model) {
  let turns = [], asking = null;
  const system = make("textarea", { rows: 2, placeholder: "You are a helpful assistant." });
  const temperature = make("input", { type: "number", min: 0, max: 2, step: 0.1, placeholder: "0" });
  const most = make("input", { type: "number", min: 1, step: 1, value: 512 });
  const stop = make("input", { type: "text", placeholder: "a word that ends the answer", autocomplete: "off" });
  const said = make("div", { class: "said", role: "log", "aria-live": "polite", tabindex: 0, "aria-label": "Conversation" });
  const text = make("textarea", { rows: 3, required: true });
  const send = make("button", { class: "main" }, "Send");
  const halt = make("button", { type: "button", disabled: true, onclick: () => asking?.abort() }, "Stop");
  const fresh = make("button", { type: "button", onclick: () => { asking?.abort(); turns = []; said.replaceChildren(); } }, "New conversation");
  const form = make("form", { onsubmit: (event) => { event.preventDefault(); submit(); } },
    field("Message", text), make("p", { class: "actions" }, send, halt, fresh));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  root.append(make("details", {}, make("summary", {}, "Settings"), make("div", { class: "fields" },
    field("System", system), field("Temperature", temperature, "0 takes the likeliest word"), field("Most tokens", most), field("Stop at", stop))), said, form);

  function say(who, words) {
    const words_ = make("p", { class: who }, words);
    said.append(words_);
    said.scrollTop = said.scrollHeight;
    return words_;
  }

  function submit() {
    const words = text.value.trim();
    if (!words || send.disabled) return;
    text.value = "";
    attempt(() => talk(words));
  }

  function body() {
    const first = system.value.trim() ? [{ role: "system", content: system.value.trim() }] : [];
    const asked = { model: model.id, messages: [...first, ...turns], stream: true, stream_options: { include_usage: true } };
    if (temperature.value !== "") asked.temperature = Number(temperature.value);
    if (most.value !== "") asked.max_tokens = Number(most.value);
    if (stop.value) asked.stop = [stop.value];
    return asked;
  }

  async function talk(words) {
    const talked = turns; // a new conversation may begin before this answer has ended
    talked.push({ role: "user", content: words });
    const question = say("user", words), answer = say("assistant", "");
    const mine = asking = new AbortController();
    const began = performance.now();
    let first = 0, usage = null, finish = "";
    answer.classList.add("busy");
    send.disabled = true;
    halt.disabled = false;
    try {
      for await (const event of events(await ask("/v1/chat/completions", { json: body(), signal: mine.signal }))) {
        if (event.error) throw new Error(event.error.message);
        const piece = event.choices[0]?.delta?.content ?? "";
        if (piece && !first) first = performance.now();
        finish = event.choices[0]?.finish_reason ?? finish;
        usage = event.usage ?? usage;
        if (!said.isConnected) mine.abort(); // another model was chosen: nobody sees this answer
        const end = said.scrollHeight - said.scrollTop - said.clientHeight < 40;
        answer.append(piece);
        if (end) said.scrollTop = said.scrollHeight;
      }
      if (usage) say("took", took(usage, first - began, performance.now() - first, finish));
    } finally {
      answer.classList.remove("busy");
      if (asking === mine) { send.disabled = false; halt.disabled = true; }
      if (answer.textContent) talked.push({ role: "assistant", content: answer.textContent });
      else { talked.pop(); answer.remove(); question.remove(); if (talked === turns && !text.value) text.value = words; }
    }
  }
}

function took(usage, first, rest, finish) {
  const tokens = usage.completion_tokens;
  const rate = tokens > 1 && rest > 0 ? ` · ${(1000 * (tokens - 1) / rest).toFixed(1)} a second` : "";
  const end = finish === "length" ? " · ended by the limit of tokens" : "";
  return `${tokens} tokens${rate} · first after ${first.toFixed(0)} ms · prompt of ${usage.prompt_tokens}${end}`;
}
