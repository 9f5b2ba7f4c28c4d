// A file that is chosen, dropped or pasted.

import { make } from "/page/dom.js";

/** A place for files; `then` is given one. Pasting works while the place is on the page and shown. */
export function picker(text, { accept = "", kind = "", then }) {
  const input = make("input", { type: "file", accept: accept || null, class: "hidden", id: `file-${kind || "any"}`, onchange: () => {
    if (input.files[0]) then(input.files[0]);
    input.value = "";
  } });
  const place = make("div", { class: "drop" }, input, make("label", { for: input.id, class: "button main" }, "Choose a file"), make("span", {}, text));
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => { event.preventDefault(); place.classList.add("over"); });
  }
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (event.dataTransfer.files[0]) then(event.dataTransfer.files[0]);
  });
  const pasted = (event) => {
    if (!place.isConnected) document.removeEventListener("paste", pasted);
    else if (place.offsetParent) {
      const file = [...event.clipboardData.files].find((each) => !kind || each.type.startsWith(`${kind}/`));
      if (file) { event.preventDefault(); then(file); }
    }
  };
  document.addEventListener("paste", pasted);
  return place;
}
