// What part of the figure is seen: drag to move, wheel, pinch or keys to zoom.

const CLOSEST = 8;
const FARTHEST = 0.05;
const READABLE = 0.7; // Pixels per point, below which text is hard to read.
const NARROW = 600; // Pixels: on a phone, a figure is as wide as the screen where it can be, and read closer.
const READABLE_NEAR = 0.9;
const LARGEST_FIT = 1.7;
const MARGIN = 16;

class Camera {
  #pointers = new Map();
  frame = { x: 0, y: 0, width: 1, height: 1 };
  start = 0; // Across, where the figure's first box is.
  #left = 0;
  #top = 0;
  #scale = 1;
  #moved = 0;

  constructor(stage) {
    this.stage = stage;
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => this.#up(event));
    stage.addEventListener("click", (event) => this.#click(event), { capture: true });
    new ResizeObserver(() => this.#show()).observe(stage);
    addEventListener("beforeprint", () => this.#print());
    addEventListener("afterprint", () => this.#show());
  }

  // Whether a finger or a button is down: what is under it is not to move away.
  get isHeld() {
    return this.#pointers.size > 0;
  }

  // A figure as it is first seen: all of it, or as much of its top as can be read.
  open() {
    const { width } = this.#size();
    const across = (width - 2 * MARGIN) / this.frame.width;
    const whole = this.#whole();
    if (width < NARROW) this.#place(Math.max(whole, Math.min(across, 1.4), READABLE_NEAR));
    else this.#place(whole < READABLE ? Math.max(Math.min(across, 1), READABLE) : whole);
  }

  fit() {
    this.#place(this.#whole());
  }

  zoom(factor, x, y) {
    const { width, height } = this.#size();
    const [atX, atY] = [x ?? width / 2, y ?? height / 2];
    const scale = Math.min(Math.max(this.#scale * factor, FARTHEST), CLOSEST);
    this.#left += atX / this.#scale - atX / scale;
    this.#top += atY / this.#scale - atY / scale;
    this.#scale = scale;
    this.#show();
  }

  // Moves so that a box, in the figure's points, can be seen.
  reveal(box) {
    const { width, height } = this.#size();
    const [wide, high] = [width / this.#scale, height / this.#scale];
    const room = MARGIN / this.#scale;
    if (box.x < this.#left || box.x + box.width > this.#left + wide) this.#left = box.x + box.width / 2 - wide / 2;
    if (box.y < this.#top) this.#top = box.y - room;
    else if (box.y + box.height > this.#top + high) this.#top = box.y + box.height + room - high;
    this.#show();
  }

  // The scale at which the whole figure can be seen.
  #whole() {
    const { width, height } = this.#size();
    const across = (width - 2 * MARGIN) / this.frame.width;
    return Math.max(Math.min(across, (height - 2 * MARGIN) / this.frame.height, LARGEST_FIT), FARTHEST);
  }

  // In the middle; a figure that is too tall begins at its top, and one that is too wide where its first box is.
  #place(scale) {
    const { width, height } = this.#size();
    this.#scale = scale;
    this.#left = this.#begin(this.frame.x, this.frame.width, width / scale, this.start - width / 2 / scale);
    this.#top = this.#begin(this.frame.y, this.frame.height, height / scale, -Infinity);
    this.#show();
  }

  // Where a view of `room` points begins, to show what is `long` from `from`: at `wanted` if not all can be seen.
  #begin(from, long, room, wanted) {
    if (room >= long) return from - (room - long) / 2;
    const margin = MARGIN / this.#scale;
    return Math.min(Math.max(wanted, from - margin), from + long + margin - room);
  }

  #size() {
    const { width, height } = this.stage.getBoundingClientRect();
    return { width: Math.max(width, 1), height: Math.max(height, 1) };
  }

  #show() {
    const { width, height } = this.#size();
    const view = [this.#left, this.#top, width / this.#scale, height / this.#scale];
    this.stage.setAttribute("viewBox", view.map((number) => number.toFixed(2)).join(" "));
  }

  #print() {
    const { x, y, width, height } = this.frame;
    this.stage.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0016; // A pinch on a touchpad comes as a wheel with Ctrl.
    this.zoom(Math.exp(-event.deltaY * lines * speed), ...this.#at(event));
  }

  #at(event) {
    const { left, top } = this.stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #down(event) {
    if (event.button !== 0) return;
    if (!this.#pointers.size) this.#moved = 0;
    this.#pointers.set(event.pointerId, this.#at(event));
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    const [x, y] = [now[0] - before[0], now[1] - before[1]];
    this.#moved += Math.hypot(x, y);
    if (this.#moved < 4) return;
    // Not before it is a drag: whoever captures the pointer gets the click.
    this.stage.setPointerCapture(event.pointerId);
    this.stage.classList.add("dragged");
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    this.#pointers.set(event.pointerId, now);
    if (others.length === 1) this.#pinch(before, now, others[0]);
    else {
      this.#left -= x / this.#scale;
      this.#top -= y / this.#scale;
      this.#show();
    }
  }

  #pinch(before, now, other) {
    const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
    this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.stage.classList.remove("dragged");
  }

  #click(event) {
    if (this.#moved >= 4) event.stopPropagation();
    this.#moved = 0;
  }
}
