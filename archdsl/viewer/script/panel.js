// The side panel: all about one module.

const number = (count) => count.toLocaleString("en");

class Panel {
  constructor(root) {
    this.root = root;
  }

  // `beside`: what else the box stands for that shows the item.
  show(network, item, beside) {
    this.network = network;
    const { record } = item;
    this.root.replaceChildren(
      ...[
        element("h2", {}, network.title(item)),
        this.#kind(item),
        record.note && element("p", { className: "note" }, record.note),
        item.parent ? null : this.#about(),
        this.#counts(record),
        ...this.#beside(beside, item),
        ...this.#readers(item),
        ...this.#table(item.parent ? (record.op ? "Fields" : "Arguments") : "Parameters of the spec",
          Object.entries(record.fields ?? {}).map(([name, value]) => [name, element("code", {}, value)])),
        ...this.#values("Inputs", record.in),
        ...this.#values("Outputs", record.out),
        ...this.#table("Tensors", (record.tensors ?? []).map(([name, shape, buffer]) => [
          name || item.name, shape, buffer && element("small", {}, "buffer, not trained")])),
        ...this.#source("Written in", record.source),
        ...this.#source("Block defined in", record.definition),
        ...this.#children(item),
      ].filter(Boolean)
    );
    this.root.scrollTop = 0;
  }

  #kind({ path, record }) {
    const said = [
      record.op ? `op ${record.op}` : record.block ? `block ${record.block}` : "",
      record.loop,
      record.when && `${record.when} only`,
      record.shares && `runs ${record.shares} again`,
      record.constant && "the same for every input",
      record.passes && "passes on what it is given",
    ].filter(Boolean);
    return element("p", { className: "path" }, path && element("code", {}, path), path && said.length ? " · " : "",
      said.join(" · "));
  }

  #about() {
    const { summary, reference, leftOut } = this.network.content;
    return element("div", {},
      summary && element("p", {}, summary),
      reference && element("p", { className: "path" }, reference),
      leftOut.length > 0 && element("p", { className: "note" },
        `Some figures would have taken too long to draw; these modules are found by search and in lists: ${leftOut.join(", ")}`));
  }

  #counts(record) {
    if (!record.parameters && !record.macs) return null;
    const whole = this.network.root.record;
    const count = (name, key) => {
      const share = record[key] && whole[key] && record !== whole ? (100 * record[key]) / whole[key] : null;
      const part = share === null ? null : element("small", {}, ` ${share < 0.1 ? "<0.1" : share.toFixed(1)} %`);
      return element("div", {}, element("dt", {}, name), element("dd", {}, number(record[key] ?? 0), part));
    };
    return element("dl", { className: "counts" }, count("parameters", "parameters"), count("MACs", "macs"));
  }

  // What else one box of the figure stands for.
  #beside(items, current) {
    if (items.length < 2) return [];
    const all = (property) => new Set(items.map(property)).size === 1;
    const heading = all((item) => this.network.title(item)) ? `Repeated ×${items.length}` : "In one box";
    const list = items[0].parent.path && all((item) => item.parent) ? items[0].parent : null;
    return [
      element("h3", {}, heading, list && [" in ", this.#link(list, list.path)]),
      element("ul", { className: "chips" }, items.map((item) =>
        element("li", {}, this.#link(item, list ? item.name : item.path, item === current)))),
    ];
  }

  // Where the figure tells of what it has no box for.
  #readers(item) {
    const readers = this.network.readers(item);
    if (this.network.teller(item) === item) return [];
    return [
      element("h3", {}, "No box of its own: read by"),
      element("ul", { className: "chips" }, readers.map((each) => element("li", {}, this.#link(each, each.path)))),
    ];
  }

  #link(item, text, current) {
    const link = element("a", { href: addressOf(item.path), title: item.path }, text);
    if (current) link.setAttribute("aria-current", "true");
    return link;
  }

  #table(heading, rows) {
    if (!rows.length) return [];
    const row = ([name, ...cells]) => element("tr", {}, element("th", { scope: "row" }, name),
      element("td", {}, cells.filter(Boolean)));
    return [element("h3", {}, heading), element("table", {}, element("tbody", {}, rows.map(row)))];
  }

  #values(heading, values = []) {
    return this.#table(heading, values.map(([name, type]) => {
      const [symbolic, sample, dtype] = this.network.content.types[type];
      const rest = [symbolic === sample ? "" : symbolic, dtype === "float32" ? "" : dtype].filter(Boolean).join(" · ");
      return [name, sample, rest && element("small", {}, rest)];
    }));
  }

  #children(item) {
    if (!item.children.length) return [];
    return [
      element("h3", {}, "Holds"),
      element("ul", {}, item.children.map((child) =>
        element("li", {}, this.#link(child, child.name), element("small", {}, this.network.title(child))))),
    ];
  }

  #source(heading, place) {
    const source = this.network.content.sources[place];
    if (!source) return [];
    const lines = source.text.split("\n");
    const width = String(source.line + lines.length - 1).length;
    const listing = element("pre", { tabIndex: 0 }, lines.flatMap((line, i) =>
      [element("i", {}, `${String(source.line + i).padStart(width)}  `), `${line}\n`]));
    return [
      element("h3", {}, heading),
      element("code", {}, `${source.file}:${source.line}`),
      listing,
      source.more && element("small", {}, `and ${source.more} more lines`),
    ];
  }
}
