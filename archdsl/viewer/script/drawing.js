// Draws figures: from places and texts to SVG, when they are opened.

const CORNER = 8; // The radius of a link's corners.
const HEAD = 5.5; // The length of an arrow head.
const HALF_HEAD = 1.9;

function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.flat().filter(Boolean));
  return made;
}

const isOpenable = ({ look }) => /^(op|card|merge)/.test(look);

// A figure's elements: its boxes last, in the order of reading, and then what stands in those that are open in place.
function drawing(figure) {
  const order = (one, other) => isOpenable(one) - isOpenable(other) || one.at[1] - other.at[1] || one.at[0] - other.at[0];
  return [
    ...figure.panels.map(drawPanel), ...figure.links.map(drawLink), ...figure.boxes.toSorted(order).map(drawBox),
    ...figure.inside.flatMap(drawing),
  ];
}

const everyBox = (figure) => [...figure.boxes, ...figure.inside.flatMap(everyBox)];
const everyLink = (figure) => [...figure.links, ...figure.inside.flatMap(everyLink)];

function drawPanel({ at, dashed }) {
  return shape("g", { class: "cluster" }, rectangle(at, dashed && "dashed"));
}

function drawBox(box) {
  const { name, look, at, texts, pill, sign, head } = box;
  const dashed = box.dashed && "dashed";
  const [x, y, width, height] = at;
  const round = look === "merge" || look === "fork";
  const border = round
    ? shape("circle", { class: dashed, cx: x + width / 2, cy: y + height / 2, r: width / 2 })
    : /^(op|card|loop|fork)/.test(look) && rectangle(at, dashed);
  return shape("g", { class: head ? `${look} opened` : look, "data-head": head }, shape("title", {}, name), border,
    texts.map(drawText), pill && [rectangle(pill.at, "pill"), drawText(pill.text)], sign && drawSign(sign, at));
}

// At a card's upper right corner: what opens it in place, and closes it.
function drawSign(sign, [x, y, width]) {
  const [cx, cy] = [x + width - 14, y];
  const strokes = `M${cx - 3} ${cy}H${cx + 3}${sign === "+" ? `M${cx} ${cy - 3}V${cy + 3}` : ""}`;
  return shape("g", { class: "sign" }, shape("title", {}, sign === "+" ? "Open in place" : "Close"),
    shape("circle", { class: "reach", cx, cy, r: 12 }), shape("circle", { cx, cy, r: 6 }), shape("path", { d: strokes }));
}

function drawLink({ look, way, arrow, dashed, text }) {
  const points = way.flatMap((x, i) => (i % 2 ? [] : [[x, way[i + 1]]]));
  const tip = arrow && points.length > 1 && points.pop();
  if (tip) points.push(towards(tip, points.at(-1), HEAD));
  return shape("g", { class: look }, shape("path", { class: dashed && "dashed", d: course(points) }),
    tip && shape("polygon", { points: head(tip, points.at(-1)) }), text && drawText(text));
}

function rectangle([x, y, width, height], look) {
  return shape("rect", { class: look || undefined, x, y, width, height });
}

function drawText([look, x, y, textLength, text]) {
  return shape("text", { class: look === "shape" ? "small shape" : look, x, y, textLength }, text);
}

const distance = ([x, y], [toX, toY]) => Math.hypot(toX - x, toY - y);

// The point so far from one point on the way to another.
function towards([x, y], to, far) {
  const part = far / (distance([x, y], to) || 1);
  return [x + (to[0] - x) * part, y + (to[1] - y) * part];
}

const said = (...points) => points.map((point) => point.map((each) => +each.toFixed(1)).join(" ")).join(" ");

// A course of straight pieces with round corners.
function course(points) {
  const parts = points.map((point, i) => {
    if (!i) return `M${said(point)}`;
    const next = points[i + 1];
    if (!next) return `L${said(point)}`;
    const before = points[i - 1];
    // Two corners share the piece between them.
    const room = Math.min(distance(before, point) / (i > 1 ? 2 : 1), distance(point, next) / (points[i + 2] ? 2 : 1));
    const radius = Math.min(CORNER, room);
    return `L${said(towards(point, before, radius))}Q${said(point, towards(point, next, radius))}`;
  });
  return parts.join("");
}

function head(tip, from) {
  const [x, y] = towards(tip, from, HEAD);
  const [across, along] = [(tip[0] - x) / HEAD, (tip[1] - y) / HEAD];
  const side = (far) => [x - along * far, y + across * far];
  return said(side(HALF_HEAD), tip, side(-HALF_HEAD));
}
