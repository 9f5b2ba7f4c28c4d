// Elements and words: what every other module makes its part of the page from. All text goes in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (name) => document.getElementById(name);

/** An element. `on…` are listeners, `true` and `false` set and leave out an attribute, children are nodes or text. */
export function make(kind, attributes = {}, ...children) {
  return fill(document.createElement(kind), attributes, children);
}

/** The same of a drawing. */
export function draw(kind, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, kind), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return made;
}

export function tell(text) {
  byId("trouble").textContent = text;
  byId("trouble").hidden = !text;
}

/** Do something, and tell where it fails; what was given up on purpose is no failure. */
export async function attempt(work) {
  tell("");
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") tell(error.message);
    return undefined;
  }
}

/** The same for a button: it rests until the work has ended. */
export async function press(button, work) {
  button.disabled = true;
  try {
    return await attempt(work);
  } finally {
    button.disabled = false;
  }
}

let numbered = 0;
/** A label and its field. */
export function field(text, input, hint = "") {
  input.id ||= `field-${++numbered}`;
  return make("div", { class: "field" }, make("label", { for: input.id }, text), input, hint && make("small", {}, hint));
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "?";
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 1000) return `${unit === "B" || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}

export const duration = (seconds) => (seconds > 90 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds)} s`);

export function count(number) {
  for (const [unit, many] of [["B", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (number >= many) return `${Number((number / many).toPrecision(3))}${unit}`;
  }
  return String(number);
}

export function number(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

/** A table with its heading; a cell is text, a number, or a node. */
export function table(heading, rows, caption = "") {
  const look = (value) => (typeof value === "number" || (typeof value === "string" && value.length < 16) ? "short" : null);
  const cell = (value) => make("td", { class: look(value) }, typeof value === "number" ? number(value) : value);
  return make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption || heading.join(", ") },
    make("table", {},
      caption && make("caption", {}, caption),
      make("thead", {}, make("tr", {}, heading.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map(cell))))));
}

/** A bar that is filled up to a share of 1. */
export function bar(share) {
  const made = make("div", { class: "bar score" }, make("b"));
  made.firstChild.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
  return made;
}

/** A link that saves a file. */
export function saving(text, blob, name) {
  return make("a", { class: "button", href: URL.createObjectURL(blob), download: name }, text);
}

/** Put other content in place of what is there; files that were shown or offered in it are let go of. */
export function replace(element, ...content) {
  for (const each of element.querySelectorAll("[src^='blob:'], [href^='blob:']")) URL.revokeObjectURL(each.src || each.href);
  element.replaceChildren(...content);
}

/** Do something that `state` tells of: what goes on, then how long it took; nothing where it fails. */
export async function timed(state, goes, ended, work) {
  const began = performance.now();
  state.textContent = `${goes} …`;
  try {
    await work();
    const took = performance.now() - began;
    state.textContent = `${ended} in ${took < 1000 ? `${took.toFixed(0)} ms` : `${(took / 1000).toFixed(1)} s`}`;
  } catch (error) {
    state.textContent = "";
    throw error;
  }
}
