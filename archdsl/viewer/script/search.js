// Finds modules by path, title or op, as a combobox: arrow keys choose, Enter goes there, Esc closes.

const MOST = 60;

class Search {
  #found = [];
  #chosen = 0;

  constructor(input, list, { find, title, go }) {
    Object.assign(this, { input, list, find, title, go });
    input.addEventListener("input", () => this.#look());
    input.addEventListener("focus", () => this.#look());
    input.addEventListener("blur", () => this.#close());
    input.addEventListener("keydown", (event) => this.#key(event));
    // Not `click`: the input would lose the focus first, and the list with it.
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const entry = event.target.closest("[role=option]");
      if (entry) this.#take([...list.children].indexOf(entry));
    });
  }

  #look() {
    const query = this.input.value.trim();
    const all = query ? this.find(query) : [];
    this.#found = all.slice(0, MOST);
    this.#chosen = 0;
    const entries = this.#found.map((item, i) =>
      element("li", { id: `result-${i}`, role: "option" }, item.path, element("small", {}, this.title(item))));
    const rest = all.length > MOST ? `${all.length - MOST} more` : query && !all.length ? "nothing has this path, op or tensor" : "";
    this.list.replaceChildren(...entries, ...(rest ? [element("li", { role: "presentation" }, rest)] : []));
    this.#open(Boolean(query));
    this.#mark();
  }

  #open(shown) {
    this.list.hidden = !shown;
    this.input.setAttribute("aria-expanded", String(shown));
  }

  #close() {
    this.#open(false);
    this.input.removeAttribute("aria-activedescendant");
  }

  #mark() {
    for (const [i, entry] of [...this.list.children].entries()) {
      if (entry.role === "option") entry.setAttribute("aria-selected", String(i === this.#chosen));
    }
    const entry = this.list.querySelector("[aria-selected=true]");
    if (entry) {
      this.input.setAttribute("aria-activedescendant", entry.id);
      entry.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      event.preventDefault();
      this.#chosen = (this.#chosen + step + this.#found.length) % this.#found.length;
      this.#mark();
    } else if (event.key === "Enter") {
      this.#take(this.#chosen);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.input.value = "";
      this.input.blur();
    }
  }

  #take(place) {
    const item = this.#found[place];
    if (!item) return;
    this.input.value = "";
    this.input.blur();
    this.go(item);
  }
}
