// Opens blocks in place. A figure is cut along the sides of a card and pulled apart, and the figure of the block is put
// into the room below what the card says: so all that was around it is still there, and no link is bent.

const INSET = 8; // Between an opened card and what is in it.
const LINE = 12; // The height of a line that says which of its copies is shown.
const EDGE = 0.5; // As much as places may be off.

// The figure of a scope with the blocks at these paths open in it.
function composed(network, home, paths) {
  const figure = network.unopened(home);
  const prefix = home.path ? `${home.path}.` : "";
  const held = (name) => (figure.holds[name] ?? [name]).map((each) => network.items.get(prefix + each)).filter(Boolean);
  const first = (name) => held(name)[0];
  const boxes = figure.boxes.map((box) => (isOneBlock(network, box, held(box.name)) ? { ...box, sign: "+" } : box));
  const opened = boxes.filter((box) => box.sign && paths.has(first(box.name).path)).map((card) => {
    const item = first(card.name);
    const copies = held(card.name).length;
    const said = copies > 1 ? `${item.path}, the first of ${copies}` : "";
    return { card, said, inner: renamed(composed(network, item, paths), (name) => `${item.path.slice(prefix.length)}.${name}`) };
  });
  return pulledApart({ ...figure, boxes, inside: [] }, opened);
}

// Whether a card stands for one block, or copies of one: of several blocks the figure of the first would not be all.
function isOneBlock(network, { look, pill }, held) {
  const times = pill ? Number(pill.text[4].slice(1)) : 1;
  return look.startsWith("card") && held.length === times && network.hasFigure(held[0]);
}

// The figure with each name as it is called around.
function renamed(figure, name) {
  return {
    ...figure,
    boxes: figure.boxes.map((box) => ({ ...box, name: name(box.name) })),
    links: figure.links.map((link) => ({ ...link, ends: link.ends.map(name) })),
    holds: Object.fromEntries(figure.boxes.map((box) =>
      [name(box.name), (figure.holds[box.name] ?? [box.name]).map(name)])),
    inside: figure.inside.map((each) => renamed(each, name)),
  };
}

function pulledApart(figure, opened) {
  const cut = cuts(opened.map(({ card: { at }, said, inner: { frame } }) => ({
    left: at[0], right: at[0] + at[2], top: at[1], bottom: at[1] + at[3],
    wide: Math.max(at[2], frame[2] + 2 * INSET), below: frame[3] + INSET + (said ? LINE : 0),
  })));
  const around = new Map(opened.map((each) => [each.card, each]));
  const boxes = figure.boxes.map((box) => (around.has(box) ? grown(around.get(box), cut) : movedBox(box, cut)));
  const placed = new Map(boxes.map((box) => [box.name, box]));
  const before = new Map(figure.boxes.map((box) => [box.name, box]));
  return {
    frame: stretched(figure.frame, cut),
    panels: figure.panels.map((panel) => ({ ...panel, at: stretched(panel.at, cut) })),
    boxes,
    links: figure.links.map((link) => movedLink(link, cut, before, placed)),
    holds: Object.assign({ ...figure.holds }, ...opened.map(({ inner }) => inner.holds)),
    inside: opened.map(({ card, inner }) => {
      const { at: [x, y, width], head } = placed.get(card.name);
      return moved(inner, { x: x + width / 2 - inner.frame[0] - inner.frame[2] / 2, y: y + head - inner.frame[1] });
    }),
  };
}

// Where places go: cards above each other need room beside them once, and so do cards beside each other below them.
function cuts(rooms) {
  const columns = together(rooms, "left", "right").map((some) => {
    const [left, right] = [Math.min(...some.map((each) => each.left)), Math.max(...some.map((each) => each.right))];
    const needs = some.map(({ wide, left: from, right: to }) =>
      wide / 2 - Math.min(right - (from + to) / 2, (from + to) / 2 - left));
    return { left, right, aside: Math.max(0, ...needs) };
  });
  const rows = together(rooms, "top", "bottom").map((some) => {
    const bottom = Math.max(...some.map((each) => each.bottom));
    return { bottom, below: Math.max(...some.map((each) => each.below - bottom + each.bottom)) };
  });
  const aside = (at, { left, right, aside: far }) => (at < left - EDGE ? -far : at > right + EDGE ? far : 0);
  return {
    x: (at) => columns.reduce((sum, column) => sum + aside(at, column), at),
    y: (at) => rows.reduce((sum, { bottom, below }) => sum + (at > bottom - EDGE ? below : 0), at),
  };
}

// Those whose spans overlap, in groups.
function together(rooms, from, to) {
  const groups = [];
  for (const room of rooms.toSorted((one, other) => one[from] - other[from])) {
    const last = groups.at(-1);
    if (last && room[from] < Math.max(...last.map((each) => each[to]))) last.push(room);
    else groups.push([room]);
  }
  return groups;
}

// A card with room for a figure below what it says, and which of its copies that is of.
function grown({ card, said, inner: { frame } }, cut) {
  const [x, y, width, height] = card.at;
  const wide = Math.max(width, frame[2] + 2 * INSET);
  const middle = (cut.x(x) + cut.x(x + width)) / 2;
  const [left, down] = [middle - wide / 2, cut.y(y) - y];
  const head = height + (said ? LINE : 0);
  const more = said && ["small", left + INSET, y + down + height + LINE / 2, undefined, said];
  return {
    ...card,
    sign: "−", head, at: [left, y + down, wide, head + frame[3] + INSET],
    texts: [...card.texts.map((text) => movedText(text, left - x, down)), ...(more ? [more] : [])],
    pill: card.pill && movedPill(card.pill, left + wide - x - width, down),
  };
}

function stretched([x, y, width, height], cut) {
  const [left, top] = [cut.x(x), cut.y(y)];
  return [left, top, cut.x(x + width) - left, cut.y(y + height) - top];
}

// A box keeps its height; one that lies across a cut becomes wider, with its text where it was in it.
function movedBox(box, cut) {
  const [x, y, width, height] = box.at;
  const small = /^(merge|fork|port|header)/.test(box.look);
  const [left, , wide] = stretched(box.at, cut);
  const down = cut.y(y) - y;
  const middle = small ? cut.x(x + width / 2) - x - width / 2 : left + wide / 2 - x - width / 2;
  const across = box.look.startsWith("card") ? left - x : middle;
  return {
    ...box,
    at: small ? [x + middle, y + down, width, height] : [left, y + down, wide, height],
    texts: box.texts.map((text) => movedText(text, across, down)),
    pill: box.pill && movedPill(box.pill, left + wide - x - width, down),
  };
}

const movedText = ([look, x, y, ...rest], across, down) => [look, x + across, y + down, ...rest];

const movedPill = ({ at: [x, y, ...size], text }, across, down) =>
  ({ at: [x + across, y + down, ...size], text: movedText(text, across, down) });

// A link goes on from border to border, and its pieces stay straight.
function movedLink(link, cut, before, placed) {
  const old = points(link.way);
  const made = old.map(([x, y]) => [cut.x(x), cut.y(y)]);
  [[0, 1], [old.length - 1, old.length - 2]].forEach(([end, next], i) => {
    const name = link.ends[i];
    if (!placed.has(name)) return;
    const straight = [0, 1].map((axis) => Math.abs(old[end][axis] - old[next][axis]) < EDGE);
    made[end] = atBorder(old[end], made[end], before.get(name).at, placed.get(name).at);
    if (old.length > 2) straight.forEach((is, axis) => { if (is) made[next][axis] = made[end][axis]; });
  });
  const [near] = [...old.keys()].sort((i, j) => awayFrom(link, old[i]) - awayFrom(link, old[j]));
  const text = link.text && movedText(link.text, made[near][0] - old[near][0], cut.y(link.text[2]) - link.text[2]);
  return { ...link, way: made.flat(), text };
}

const points = (way) => way.flatMap((x, i) => (i % 2 ? [] : [[x, way[i + 1]]]));

const awayFrom = (link, [x, y]) => (link.text ? Math.abs(x - link.text[1]) + Math.abs(y - link.text[2]) : 0);

// Where a way that met a box's border at `old` meets it now.
function atBorder(old, now, [x, y, width, height], [left, top, wide, high]) {
  const side = (at, from, long, to, far, hit) =>
    Math.abs(at - from) < 1 ? to : Math.abs(at - from - long) < 1 ? to + far : Math.min(Math.max(hit, to), to + far);
  return [side(old[0], x, width, left, wide, now[0]), side(old[1], y, height, top, high, now[1])];
}

function moved(figure, by) {
  const at = ([x, y, ...size]) => [x + by.x, y + by.y, ...size];
  const text = (each) => each && movedText(each, by.x, by.y);
  return {
    ...figure,
    frame: at(figure.frame),
    panels: figure.panels.map((panel) => ({ ...panel, at: at(panel.at) })),
    boxes: figure.boxes.map((box) =>
      ({ ...box, at: at(box.at), texts: box.texts.map(text), pill: box.pill && movedPill(box.pill, by.x, by.y) })),
    links: figure.links.map((link) =>
      ({ ...link, way: points(link.way).flatMap(at), text: text(link.text) })),
    inside: figure.inside.map((each) => moved(each, by)),
  };
}
