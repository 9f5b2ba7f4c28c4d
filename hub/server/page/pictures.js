// A picture in; labels, or boxes drawn on it and read beside it, out.

import { labelled, labels, shown, withJson } from "/page/answers.js";
import { attempt, make, replace, table, timed } from "/page/dom.js";
import { answerOf } from "/page/net.js";
import { picker } from "/page/picking.js";

const COLOURS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"];
const WIDEST = 1600, NARROWEST = 1000;

export function mount(root, model, kinds) {
  const state = make("p", { role: "status", class: "quiet" });
  const canvas = make("canvas", { role: "img", "aria-label": "The picture", hidden: true });
  const result = make("div", { class: "result" });
  const then = (file) => attempt(async () => {
    replace(result);
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    paint(canvas, picture, []);
    await timed(state, `${file.name}: looking`, `${file.name}: answered`, async () =>
      replace(result, ...await shown(await answerOf(model, { body: file }), (value) => parts(value, picture))));
  });

  function parts(value, picture) {
    const boxes = boxed(value), made = [];
    paint(canvas, picture, boxes);
    if (typeof value?.generated_text === "string") made.push(make("h3", {}, "Text"), make("pre", { tabindex: 0 }, value.generated_text));
    if (boxes.length) made.push(rows(boxes, (chosen) => paint(canvas, picture, boxes, chosen)));
    else if (labelled(value)) made.push(labels(labelled(value)));
    return withJson(value, made);
  }

  root.append(picker("or drop a picture here, or paste one", { accept: "image/*", kind: "image", then }), state,
    make("div", { class: "beside" }, canvas, result));
}

/** Things with a place: of Hugging Face's detection, or the lines of a page. */
function boxed(value) {
  const list = Array.isArray(value?.boxes) ? value.boxes : Array.isArray(value) ? value : [];
  return list.filter((each) => each?.box && ["xmin", "ymin", "xmax", "ymax"].every((name) => typeof each.box[name] === "number"));
}

function corners({ box, polygon }) {
  const sound = Array.isArray(polygon) && polygon.length > 2 && polygon.every((corner) => Array.isArray(corner));
  return sound ? polygon : [[box.xmin, box.ymin], [box.xmax, box.ymin], [box.xmax, box.ymax], [box.xmin, box.ymax]];
}

function paint(canvas, picture, boxes, chosen = -1) {
  canvas.hidden = !picture;
  if (!picture) return;
  const long = Math.max(picture.width, picture.height), scale = Math.min(WIDEST / long, Math.max(1, NARROWEST / long));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.setAttribute("aria-label", boxes.length ? `The picture, with ${boxes.length} places marked` : "The picture");
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const unit = Math.max(1.5, Math.min(canvas.width, canvas.height) / 250);
  boxes.forEach((each, place) => {
    const colour = COLOURS[place % COLOURS.length], points = corners(each).map(([x, y]) => [x * scale, y * scale]);
    pen.lineWidth = place === chosen ? 2.5 * unit : unit;
    pen.strokeStyle = pen.fillStyle = colour;
    pen.beginPath();
    points.forEach(([x, y], corner) => (corner ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.stroke();
    if (place === chosen) { pen.globalAlpha = 0.2; pen.fill(); pen.globalAlpha = 1; }
    plate(pen, points[0], each.label ? `${each.label} ${(each.score ?? 0).toFixed(2)}` : String(place + 1), colour);
  });
}

function plate(pen, [x, y], text, colour) {
  const high = Math.max(11, pen.canvas.width / 45);
  pen.font = `600 ${high}px system-ui, sans-serif`;
  const wide = pen.measureText(text).width + 6;
  const left = Math.max(0, x - (text.length < 4 ? wide : 0)), top = Math.max(0, y - (text.length < 4 ? 0 : high + 4));
  pen.fillStyle = colour;
  pen.fillRect(left, top, wide, high + 4);
  pen.fillStyle = "#fff";
  pen.textBaseline = "top";
  pen.fillText(text, left + 3, top + 2);
}

/** A row for each place; pointing at it, or reaching it by keyboard, marks it in the picture. */
function rows(boxes, mark) {
  const made = table(["#", "what", "score", "place"], boxes.map((each, place) => [
    make("button", { type: "button", class: "plain", onfocus: () => mark(place), onblur: () => mark(-1) }, String(place + 1)),
    String(each.text ?? each.label ?? ""), typeof each.score === "number" ? each.score.toFixed(2) : "",
    make("span", { class: "short quiet" }, `${Math.round(each.box.xmin)},${Math.round(each.box.ymin)} – ${Math.round(each.box.xmax)},${Math.round(each.box.ymax)}`),
  ]), "What was found, in order");
  made.querySelectorAll("tbody tr").forEach((row, place) => {
    row.addEventListener("mouseenter", () => mark(place));
    row.addEventListener("mouseleave", () => mark(-1));
  });
  return made;
}
