// What goes to the server and comes back, with the key of this tab.

const KEY = "key";

export const useKey = (text) => sessionStorage.setItem(KEY, text);

/** Ask; an answer that is an error is thrown with the server's own words. */
export async function ask(path, { method, json, body, signal } = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (json !== undefined) headers["Content-Type"] = "application/json";
  else if (body !== undefined) headers["Content-Type"] = "application/octet-stream";
  const sent = json !== undefined ? JSON.stringify(json) : body;
  const answer = await fetch(path, { method: method ?? (sent === undefined ? "GET" : "POST"), headers, body: sent, signal });
  if (answer.ok) return answer;
  if (answer.status === 401) document.dispatchEvent(new Event("keyneeded"));
  const told = await answer.json().catch(() => ({}));
  const message = typeof told.error === "string" ? told.error : told.error?.message;
  throw new Error(message ?? `The server answered with ${answer.status}`);
}

export const get = async (path) => (await ask(path)).json();
export const post = async (path, json) => (await ask(path, { json })).json();

/** Ask a model for its task: `json` with inputs and parameters, or `body`, the file that is its input. */
export const answerOf = (model, sent) => ask(`/tasks/${encodeURIComponent(model.task)}/${inPath(model.id)}`, sent);

/** Documents of a stream of events, until its end. */
export async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: {")) yield JSON.parse(line.slice(6));
  }
}

/** A name in the path of an address: its slashes stay. */
export const inPath = (name) => name.split("/").map(encodeURIComponent).join("/");

/** Where a model is tried on this page. */
export const tryOf = (name) => `#try/${inPath(name)}`;
