// Keys: made, shown once, and revoked. For who may manage.

import { attempt, byId, field, make, number, press, table } from "/page/dom.js";
import { ask, get, post, useKey } from "/page/net.js";
import { server } from "/page/state.js";

export async function enter() {
  const root = byId("keys");
  if (!root.firstChild) root.append(form(), make("div", { id: "new", "aria-live": "polite" }), make("div", { id: "kept" }));
  await list();
}

function form() {
  const name = make("input", { type: "text", required: true, maxlength: 128, autocomplete: "off" });
  const models = make("input", { type: "text", placeholder: "*", autocomplete: "off", spellcheck: "false" });
  const tasks = make("input", { type: "text", placeholder: "*", autocomplete: "off", spellcheck: "false", list: "task-names" });
  const rate = make("input", { type: "number", min: 0, value: 0 }), tokens = make("input", { type: "number", min: 0, value: 0 });
  const priority = make("input", { type: "number", min: -10, max: 10, value: 0 }), admin = make("input", { type: "checkbox" });
  const button = make("button", { class: "main" }, "Make a key");
  const many = (input) => input.value.split(/[,\s]+/).filter(Boolean);
  const made = make("form", { onsubmit: (event) => {
    event.preventDefault();
    press(button, async () => {
      const key = await post("/hub/v1/keys", { name: name.value.trim(), models: many(models), tasks: many(tasks), admin: admin.checked,
        rate: Number(rate.value), tokens: Number(tokens.value), priority: Number(priority.value) });
      made.reset();
      made.querySelector(".note")?.remove();
      if (!server.keyed && key.admin) useKey(key.key); // from now on this page needs one as well
      server.keyed = true;
      show(key);
      await list();
    });
  } }, make("h2", {}, "A new key"), make("div", { class: "fields" }, field("Name", name), field("Models", models, "patterns such as acme/*, with commas"),
    field("Tasks", tasks, "patterns such as text-*, with commas"), field("Requests a minute", rate, "0: no limit"), field("Tokens a day", tokens, "0: no limit"), field("Priority", priority, "higher comes first")),
  make("datalist", { id: "task-names" }, Object.keys(server.tasks).map((task) => make("option", { value: task }))),
  make("label", { class: "tick" }, admin, " admin: sees and stops models, sees all usage, pulls models, makes keys"),
  server.keyed ? null : make("p", { class: "note" }, "There is no key yet. As soon as there is one, every request needs one, this page too: make one for an admin first, which this tab then uses."),
  make("p", { class: "actions" }, button));
  return made;
}

function show(key) {
  const text = make("input", { type: "text", readonly: true, value: key.key, "aria-label": `Key ${key.name}`, class: "secret", onfocus: () => text.select() });
  const copied = make("button", { type: "button", onclick: () => attempt(async () => {
    text.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(key.key);
    else document.execCommand("copy");
    copied.textContent = "Copied";
  }) }, "Copy");
  const hide = make("button", { type: "button", onclick: () => byId("new").replaceChildren() }, "I have it");
  byId("new").replaceChildren(make("div", { class: "note" }, make("strong", {}, `Key '${key.name}'. It is shown now and never again:`), text, make("p", { class: "actions" }, copied, hide)));
  text.focus();
}

async function list() {
  const { keys } = await get("/hub/v1/keys");
  const limit = (value, unit) => (value ? `${number(value)} ${unit}` : "");
  const rows = keys.filter((key) => !key.revoked).map((key) => [
    make("strong", {}, key.name), key.models.join(", "), key.tasks.join(", "),
    [key.admin && "admin", limit(key.rate, "a minute"), limit(key.tokens, "tokens a day"), key.priority && `priority ${key.priority}`].filter(Boolean).join(", ") || "–",
    key.made.slice(0, 10), revoke(key),
  ]);
  const gone = keys.filter((key) => key.revoked).map((key) => `${key.name} (${key.revoked.slice(0, 10)})`);
  byId("kept").replaceChildren(make("h2", {}, "Keys"), rows.length ? table(["name", "models", "tasks", "rights and limits", "made", ""], rows, "Keys") : make("p", {}, "There is none."),
    gone.length ? make("p", { class: "quiet" }, `Revoked: ${gone.join(", ")}`) : "");
}

/** Revoking cannot be undone, so it wants to be pressed twice. */
function revoke(key) {
  const button = make("button", { type: "button", "aria-label": `Revoke ${key.name}`, onblur: () => { button.dataset.sure = ""; button.textContent = "Revoke"; }, onclick: () => {
    if (!button.dataset.sure) {
      button.dataset.sure = "yes";
      button.textContent = "Really revoke";
      return;
    }
    press(button, async () => { await ask(`/hub/v1/keys/${encodeURIComponent(key.name)}`, { method: "DELETE" }); await list(); });
  } }, "Revoke");
  return button;
}
