// Small drawings of numbers: lines of what was, dots of what was measured, bars of what was used.

import { draw, number } from "/page/dom.js";

const WIDE = 160, HIGH = 40;

/** A line of values, the latest at the right, with the highest one as its top. */
export function spark(values, room, name) {
  const most = Math.max(...values, 0) || 1, step = WIDE / (room - 1), first = WIDE - step * (values.length - 1);
  const place = (value, at) => `${(first + at * step).toFixed(1)},${(HIGH - 3 - (HIGH - 6) * value / most).toFixed(1)}`;
  const points = values.map(place).join(" ");
  return draw("svg", { class: "spark", viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name} of the last minutes` },
    draw("polygon", { points: `${first.toFixed(1)},${HIGH} ${points} ${WIDE},${HIGH}` }), draw("polyline", { points }));
}

const LETTER = 7.5, LABEL = 40; // as wide as a letter is, and a day
const W = 480, H = 320, RIGHT = 30, TOP = 12, BOTTOM = 50;

/** As wide as it may be, so that what is written stays as large on a phone. */
const room = (most) => Math.max(280, Math.min(most, document.documentElement.clientWidth - 24));

/** Dots by two values; `across` and `up` say how: `name`, `of(point)`, `log`. Those of the front are filled. */
export function scatter(points, across, up, colour) {
  const y = scale(points.map(up.of), H - BOTTOM, TOP, up), wide = room(W), right = wide - RIGHT;
  const left = 32 + LETTER * Math.max(...y.ticks.map((value) => tick(value, up).length)); // the name of the axis is before its numbers
  const x = scale(points.map(across.of), left, right, across);
  const grid = [
    ...x.ticks.map((value) => [draw("line", { x1: x.at(value), x2: x.at(value), y1: TOP, y2: H - BOTTOM }),
      draw("text", { x: x.at(value), y: H - BOTTOM + 21, "text-anchor": "middle" }, tick(value, across))]),
    ...y.ticks.map((value) => [draw("line", { x1: left, x2: right, y1: y.at(value), y2: y.at(value) }),
      draw("text", { x: left - 8, y: y.at(value) + 4, "text-anchor": "end" }, tick(value, up))]),
  ];
  const dots = points.map((point) => draw("circle", { class: `c${colour(point)}${point.pareto ? " front" : ""}`, cx: x.at(across.of(point)), cy: y.at(up.of(point)), r: 6.5 },
    draw("title", {}, `${point.name}: ${across.name} ${tick(across.of(point), across)}, ${up.name} ${tick(up.of(point), up)}`)));
  return draw("svg", { class: "scatter", viewBox: `0 0 ${wide} ${H}`, role: "img", "aria-label": `${up.name} against ${across.name}` }, grid,
    draw("text", { class: "axis", x: (left + right) / 2, y: H - 8, "text-anchor": "middle" }, across.name),
    draw("text", { class: "axis", x: -(TOP + H - BOTTOM) / 2, y: 14, transform: "rotate(-90)", "text-anchor": "middle" }, up.name), dots);
}

function tick(value, axis) {
  if (axis.least && value <= axis.least) return `≤ ${axis.least}`;
  return axis.tick ? axis.tick(value) : number(value);
}

function scale(values, from, to, { log, least = 0 }) {
  if (log) {
    const low = Math.floor(Math.log10(Math.max(least, Math.min(...values)))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(least, ...values))));
    return { ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)),
      at: (value) => from + (to - from) * (Math.log10(Math.max(least, value)) - low) / (high - low) };
  }
  const step = nice(Math.max(...values) * 1.08 || 1), high = Math.ceil(Math.max(...values) * 1.04 / step) * step || 1;
  return { ticks: Array.from({ length: Math.round(high / step) + 1 }, (_, at) => at * step), at: (value) => from + (to - from) * value / high };
}

function nice(most) {
  const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5].find((each) => each * power >= rough) ?? 10) * power;
}

/** A bar for each day, as high as what was used on it; where they are many, some of the days are named, and the highest bar. */
export function bars(days, name) {
  const most = Math.max(...days.map(([, value]) => value), 0) || 1, all = room(600), wide = Math.min(60, all / days.length);
  const each = Math.ceil(LABEL / wide), highest = days.findIndex(([, value]) => value === most);
  const told = (at) => wide >= LABEL || at === highest, end = Math.max(280, wide * days.length);
  const middle = (at) => Math.max(LABEL / 2, Math.min(end - LABEL / 2, at * wide + wide / 2));
  return draw("svg", { class: "bars", viewBox: `0 0 ${end} 130`, preserveAspectRatio: "xMinYMid", role: "img", "aria-label": `${name} by day` },
    days.map(([day, value], at) => [
      draw("rect", { x: at * wide + 2, width: Math.max(1, wide - 4), y: 100 - 84 * value / most, height: Math.max(1, 84 * value / most), rx: 2 }, draw("title", {}, `${day}: ${number(value)} ${name}`)),
      at % each === each >> 1 && middle(at) === at * wide + wide / 2 && draw("text", { x: middle(at), y: 118, "text-anchor": "middle" }, day.slice(5)),
      told(at) && draw("text", { class: "value", x: middle(at), y: 95 - 84 * value / most, "text-anchor": "middle" }, number(value)),
    ]));
}
