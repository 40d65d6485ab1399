// One figure on the stage: its boxes can be reached by Tab, arrow keys and pointer.

class FigureView {
  boxes = new Map(); // Elements by the names of boxes.
  figure = null;
  place = null;
  quiet = false;

  constructor(stage, camera, { opened, focused }) {
    this.stage = stage;
    this.camera = camera;
    stage.addEventListener("click", (event) => this.#of(event.target, opened));
    stage.addEventListener("focusin", (event) => this.quiet || this.#of(event.target, focused));
    stage.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.#of(event.target, opened);
      } else if (event.key.startsWith("Arrow")) {
        event.preventDefault();
        this.#step(event.key.slice("Arrow".length));
      }
    });
  }

  // Shows the figure of a place; what is seen of it stays where another figure of the same place was.
  show(figure, place, label) {
    this.stage.setAttribute("aria-label", label);
    const moved = place !== this.place;
    this.place = place;
    if (figure !== this.figure) this.#draw(figure);
    if (moved) this.camera.open();
  }

  #draw(figure) {
    this.figure = figure;
    this.stage.replaceChildren(...drawing(figure));
    this.boxes.clear();
    const groups = [...this.stage.querySelectorAll(".card, .op, .merge")];
    const places = new Map(groups.map((group) => [group, group.getBBox()]));
    // Tab goes from top to bottom and from left to right.
    groups.sort((one, other) => places.get(one).y - places.get(other).y || places.get(one).x - places.get(other).x);
    this.stage.append(...groups);
    for (const group of groups) {
      this.boxes.set(group.querySelector("title").textContent, group);
      const words = [...group.querySelectorAll("text")].map((text) => text.textContent.trim());
      group.setAttribute("role", "button");
      group.setAttribute("tabindex", "0");
      group.setAttribute("aria-label", words.filter(Boolean).join(", "));
    }
    const [x, y, width, height] = figure.frame;
    this.camera.frame = { x, y, width, height };
  }

  select(name) {
    for (const [box, group] of this.boxes) {
      group.classList.toggle("selected", box === name);
      if (box === name) group.setAttribute("aria-current", "true");
      else group.removeAttribute("aria-current");
    }
    const chosen = this.boxes.get(name);
    if (chosen) this.camera.reveal(chosen.getBBox());
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
      this.camera.reveal(box.getBBox());
      act(name);
      return;
    }
  }

  // To the nearest box in a direction; into the figure from outside.
  #step(direction) {
    const all = [...this.boxes.values()];
    const here = document.activeElement.closest("[role=button]");
    if (!here) {
      all[0]?.focus({ preventScroll: true });
      return;
    }
    const middle = (group) => {
      const { x, y, width, height } = group.getBBox();
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
    const next = all.reduce((best, group) => (far(group) < far(best) ? group : best), here);
    next.focus({ preventScroll: true });
  }
}
