// What comes before and after each box of a figure, for those who hear it: points at which ways part are passed.

class Neighbours {
  #named = new Map(); // Boxes that say something, by name.
  #before = new Map();
  #after = new Map();

  constructor(figure) {
    for (const { name, texts } of everyBox(figure)) if (texts.length) this.#named.set(name, texts.map((text) => text[4]).join(" "));
    for (const { ends: [source, target] } of everyLink(figure)) {
      this.#note(this.#before, target, source);
      this.#note(this.#after, source, target);
    }
  }

  // `reads Conv 3×3 64; read by ReLU`, or as much of it as there is.
  said(name) {
    const told = (word, links) => {
      const names = this.#reached(name, links);
      return names.length && `${word} ${names.map((each) => this.#named.get(each)).join(", ")}`;
    };
    return [told("reads", this.#before), told("read by", this.#after)].filter(Boolean).join("; ");
  }

  #note(links, from, to) {
    if (!links.has(from)) links.set(from, []);
    links.get(from).push(to);
  }

  #reached(name, links, seen = new Set()) {
    return (links.get(name) ?? []).flatMap((next) => {
      if (seen.has(next)) return [];
      seen.add(next);
      return this.#named.has(next) ? [next] : this.#reached(next, links, seen);
    });
  }
}
