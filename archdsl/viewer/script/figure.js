// One figure on the stage: Tab leads to one of its boxes, arrow keys from there to all others.

class FigureView {
  boxes = new Map(); // Elements by the names of boxes.
  figure = null;
  place = null;
  quiet = false;

  // A box is `opened`, or `toggled`: opened in place, or closed; or the focus is on it.
  constructor(stage, camera, { opened, toggled, focused }) {
    this.stage = stage;
    this.camera = camera;
    stage.addEventListener("click", (event) =>
      this.#of(event.target, event.target.closest("g.sign") ? toggled : opened));
    stage.addEventListener("focusin", (event) => this.#focused(event.target, focused));
    stage.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      const inPlace = event.key === " " && event.target.hasAttribute("aria-expanded");
      this.#of(event.target, inPlace ? toggled : opened);
    });
  }

  // Shows the figure of a place; what is seen of it stays where another figure of the same place was.
  show(figure, place, label) {
    this.stage.setAttribute("aria-label", label);
    const moved = place !== this.place;
    const focused = moved ? undefined : this.focused();
    this.place = place;
    if (figure !== this.figure) this.#draw(figure);
    if (moved) this.camera.open();
    else if (focused !== undefined) this.focus(focused);
  }

  #draw(figure) {
    this.figure = figure;
    this.stage.replaceChildren(...drawing(figure));
    this.boxes.clear();
    const groups = [...this.stage.querySelectorAll(".card, .op, .merge")];
    const neighbours = new Neighbours(figure);
    for (const group of groups) {
      const name = group.querySelector("title").textContent;
      this.boxes.set(name, group);
      const sign = group.querySelector(".sign title");
      if (sign) group.setAttribute("aria-expanded", String(sign.textContent === "Close"));
      const words = [...group.querySelectorAll("text")].map((text) => text.textContent.trim());
      group.setAttribute("role", "button");
      group.setAttribute("aria-label", words.filter(Boolean).join(", "));
      group.setAttribute("aria-description", neighbours.said(name));
    }
    this.#rove(groups[0]);
    const [x, y, width, height] = figure.frame;
    this.camera.frame = { x, y, width, height };
    const first = groups.length ? this.#spot(groups[0]) : { x, width };
    this.camera.start = first.x + first.width / 2;
  }

  // The place of a box; of one that is open in place, that of what it says.
  #spot(group) {
    const { x, y, width, height } = group.querySelector(":scope > rect, :scope > circle").getBBox();
    return { x, y, width, height: Number(group.dataset.head ?? height) };
  }

  // The name of the box that has the focus.
  focused() {
    return [...this.boxes].find(([, box]) => box === document.activeElement)?.[0];
  }

  // Tab leads to this box, of all.
  #rove(to) {
    for (const group of this.boxes.values()) group.setAttribute("tabindex", group === to ? "0" : "-1");
  }

  #focused(target, tell) {
    const group = target.closest("[role=button]");
    if (group) this.#rove(group);
    if (!this.quiet) this.#of(target, tell);
  }

  // `near` where it only tells of what is selected.
  select(name, near = false) {
    for (const [box, group] of this.boxes) {
      group.classList.toggle("selected", box === name);
      group.classList.toggle("near", box === name && near);
      if (box === name) group.setAttribute("aria-current", "true");
      else group.removeAttribute("aria-current");
    }
    const chosen = this.boxes.get(name);
    if (!chosen) return;
    this.#rove(chosen);
    this.reveal();
  }

  // Moves so that the selected box can be seen.
  reveal() {
    const chosen = this.stage.querySelector(".selected");
    if (chosen) this.camera.reveal(this.#spot(chosen));
  }

  // Puts the focus on a box, or on the whole figure, without a word about it.
  focus(name) {
    this.quiet = true;
    (this.boxes.get(name) ?? this.stage).focus({ preventScroll: true });
    this.quiet = false;
  }

  #of(target, act) {
    const group = target.closest?.("[role=button]");
    for (const [name, box] of this.boxes) {
      if (box !== group) continue;
      if (!this.camera.isHeld) this.camera.reveal(this.#spot(box));
      act(name);
      return;
    }
  }

  // To where a key leads: the nearest box in a direction, the first or the last; from outside to where Tab would.
  step(key) {
    const all = [...this.boxes.values()];
    const here = document.activeElement.closest("[role=button]");
    const to = {
      Home: () => all[0],
      End: () => all.at(-1),
      ArrowUp: () => this.#nearest(here, all, "Up"),
      ArrowDown: () => this.#nearest(here, all, "Down"),
      ArrowLeft: () => this.#nearest(here, all, "Left"),
      ArrowRight: () => this.#nearest(here, all, "Right"),
    }[key];
    if (!to) return false;
    const box = here ? to() : all.find((each) => each.getAttribute("tabindex") === "0");
    box?.focus({ preventScroll: true });
    return true;
  }

  #nearest(here, all, direction) {
    const middle = (group) => {
      const { x, y, width, height } = this.#spot(group);
      return [x + width / 2, y + height / 2];
    };
    const [x, y] = middle(here);
    const far = (group) => {
      const [toX, toY] = middle(group);
      const [right, down] = [toX - x, toY - y];
      const ahead = { Up: -down, Down: down, Left: -right, Right: right }[direction];
      const aside = direction === "Up" || direction === "Down" ? right : down;
      return ahead > 1 ? ahead + 2 * Math.abs(aside) : Infinity;
    };
    return all.reduce((best, group) => (far(group) < far(best) ? group : best), here);
  }
}
