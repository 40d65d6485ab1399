// The network as the page knows it: its modules by path, and which figure shows each of them.

const MOST_NAMES = 8; // That are listed where a path leads nowhere.

class Network {
  #stage = null;

  constructor(content) {
    this.content = content;
    this.items = new Map();
    this.root = this.#add(null, "", content.root);
  }

  // An item is a module at its place; equal modules share one record.
  #add(parent, name, number) {
    const path = parent && parent.path ? `${parent.path}.${name}` : name;
    const item = { path, name, parent, record: this.content.modules[number], children: [] };
    this.items.set(path, item);
    for (const [child, below] of item.record.children ?? []) item.children.push(this.#add(item, child, below));
    return item;
  }

  // The item at a path, or the nearest around it that there is.
  nearest(path) {
    return this.items.get(path) ?? this.nearest(path.slice(0, Math.max(path.lastIndexOf("."), 0)));
  }

  // What is said of a path that leads nowhere: what there is in place of its first wrong name.
  missing(path, item) {
    const names = item.children.map((child) => child.name);
    const some = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES), "…"] : names;
    return `There is no module ${path}. ${item.path || "The network"} is shown, which holds ${some.join(", ") || "no others"}.`;
  }

  title(item) {
    return item.record.title ?? item.record.op;
  }

  // The scopes around an item, outermost first, and the item itself.
  trail(item) {
    return item.parent ? [...this.trail(item.parent), item] : [item];
  }

  hasFigure(item) {
    return item.record.figure !== undefined;
  }

  // The item whose figure shows this one: itself, or the nearest scope around it that has a figure.
  home(item) {
    const teller = this.teller(item);
    if (teller !== item) return this.home(this.#around(item, teller));
    return this.hasFigure(item) || !item.parent ? item : this.home(item.parent);
  }

  // At whose box a figure tells of an item: its own, or where it has none, that of what reads it.
  teller(item) {
    const [reader] = this.readers(item);
    if (!reader) return item;
    const around = this.home(item.parent);
    return this.unopened(around).boxes.some(({ name }) => this.#told(around, name).includes(item)) ? item : reader;
  }

  // What reads an item without a box, as constants and parameters are: figures tell of it there.
  readers(item) {
    const read = item.record.readers ?? [];
    return read.map(([up, path]) => this.#below(this.trail(item).at(-2 - up), path)).filter(Boolean);
  }

  #below(scope, path) {
    return this.items.get(scope.path ? `${scope.path}.${path}` : path);
  }

  // The innermost scope that holds both.
  #around(item, other) {
    return this.trail(item).findLast((scope) => scope !== item && this.trail(other).includes(scope));
  }

  // The scope in whose figure an item is told of: its home, or the first around that which is not open in place.
  base(item, paths) {
    let scope = this.home(item);
    while (scope.parent && paths.has(scope.path)) scope = this.above(scope);
    return scope;
  }

  // The scope in whose figure a box leads to this one: the outermost, as the overview leads into lists of blocks.
  above(item) {
    const leads = (scope) =>
      this.hasFigure(scope) && this.unopened(scope).boxes.some(({ name }) => this.#told(scope, name).includes(item));
    return this.trail(item).slice(0, -1).find(leads) ?? this.home(item.parent);
  }

  // The figure of a scope: as it was last opened, if that is the one on the stage.
  figure(home) {
    return this.#stage?.home === home ? this.#stage.figure : this.unopened(home);
  }

  unopened(home) {
    return this.content.figures[home.record.figure];
  }

  // Puts the figure of a scope on the stage, with blocks at these paths open in it.
  open(home, paths) {
    const key = JSON.stringify([...paths]);
    if (this.#stage?.home !== home || this.#stage.key !== key)
      this.#stage = { home, key, figure: composed(this, home, paths) };
    return this.#stage.figure;
  }

  // What a box of a figure stands for; nothing for the name of an input, say.
  held(home, box) {
    return this.#told(home, box, this.figure(home));
  }

  #told(home, box, figure = this.unopened(home)) {
    const prefix = home.path ? `${home.path}.` : "";
    return (figure.holds[box] ?? [box]).map((name) => this.items.get(prefix + name)).filter(Boolean);
  }

  // The box, among those of a figure, that shows an item, or tells of it.
  boxOf(home, item, boxes) {
    const teller = this.teller(item);
    if (teller !== item) return this.boxOf(home, teller, boxes);
    const within = (inner, outer) => inner.path === outer.path || inner.path.startsWith(`${outer.path}.`);
    const shows = (test) => boxes.flatMap((box) => this.held(home, box).filter(test).map((held) => [box, held.path.length]));
    // Of boxes in one another the innermost.
    const [innermost] = shows((held) => within(item, held)).sort(([, one], [, other]) => other - one);
    return (innermost ?? shows((held) => within(held, item))[0])?.[0];
  }

  // The items whose path, title, op or tensors have every word of the query: those called so first, then those whose
  // path says it.
  find(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (const item of this.items.values()) {
      if (!item.parent) continue;
      const { op, block, constant, tensors = [] } = item.record;
      const path = item.path.toLowerCase();
      const owned = tensors.map(([name]) => `${item.path}.${name}`);
      const text = [path, this.title(item), op, block, constant && "constant", ...owned].join(" ").toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
      const called = [item.name, item.path, op, block].some((name) => words.includes(name?.toLowerCase()));
      found.push({ item, rank: (words.every((word) => path.includes(word)) ? 0 : 1) + (called ? 0 : 2) });
    }
    return found.sort((one, other) => one.rank - other.rank).map((each) => each.item);
  }
}
