// The page: the address says which module is shown, and every part follows it.

const able = "DecompressionStream" in globalThis && CSS.supports("color", "light-dark(#000, #fff)");
if (!able) showNowhere("This page needs a browser of 2024 or later.");
const content = await unpacked(byId("content").textContent);
const fonts = await typefaces();
const stage = byId("stage");
const camera = new Camera(stage);
const panel = new Panel(byId("panel"));
const view = new FigureView(stage, camera, { opened: open, focused: (box) => preview(box) });
let network = null;
let shown = null; // The item of the address.
let home = null; // The scope whose figure is on the stage.

function go(item) {
  const address = addressOf(item.path);
  if (location.hash === address) route();
  else location.hash = address;
}

function open(box) {
  const [first] = network.held(home, box);
  if (first) go(first);
}

// What the focus is on is told beside the figure, before it is opened.
function preview(box) {
  const held = network.held(home, box);
  if (held.length && !held.includes(shown)) panel.show(network, held[0], held);
}

// Shows what the address says.
function route() {
  if (!network) return;
  const before = { shown, home };
  const asked = pathIn(location.hash);
  shown = network.nearest(asked);
  showNowhere(shown.path === asked ? "" : network.missing(asked, shown));
  home = network.home(shown);
  view.show(network.figure(home), home.path, `Figure of ${home.path || network.content.name}`);
  const box = shown === home ? undefined : boxOf(home, shown);
  view.select(box, network.readers(shown).length > 0);
  panel.show(network, shown, standsFor(shown, box));
  crumbs();
  document.title = shown.path ? `${shown.path} · ${network.content.name}` : network.content.name;
  if (before.home && before.home.path !== home.path) {
    // On the way up the focus is on what was left, on the way down at the start of the figure.
    const came = before.shown.path.startsWith(home.path) ? boxOf(home, before.shown) : undefined;
    view.focus(box ?? came);
  } else if (box && document.activeElement === document.body) view.focus(box);
}

// Out of what is selected, then out of the figure.
function up() {
  if (!network || !shown.parent) return;
  go(shown === home ? network.above(home) : home);
}

function boxOf(scope, item) {
  return network.boxOf(scope, item, [...view.boxes.keys()]);
}

// The instances that one box stands for: of the item's own figure, or of the box that leads to it.
function standsFor(item, box) {
  if (box !== undefined) return network.held(home, box);
  if (!item.parent) return [];
  const around = network.home(item.parent);
  const holds = Object.keys(network.figure(around).holds);
  return holds.map((each) => network.held(around, each)).find((held) => held.includes(item)) ?? [];
}

function crumbs() {
  const links = network.trail(shown).map((item) => {
    const link = element("a", { href: addressOf(item.path) }, item.path ? item.name : network.content.name);
    if (item === shown) link.setAttribute("aria-current", "page");
    return link;
  });
  byId("crumbs").replaceChildren(...links.flatMap((link, i) => (i ? [element("span", {}, "›"), link] : [link])));
  byId("crumbs").scrollLeft = byId("crumbs").scrollWidth;
}

// A network, the first one or as it is after the spec was saved: the place, the zoom and the focus are kept.
function load(content) {
  network = content.modules ? new Network(content) : null;
  const focused = [...view.boxes].find(([, box]) => box === document.activeElement)?.[0];
  if (network) route();
  if (focused !== undefined) view.focus(focused);
}

// An address that leads nowhere, as of a module that a new version of the spec has no more.
function showNowhere(text) {
  byId("nowhere").hidden = !text;
  byId("nowhere").textContent = text;
}

function showDiagnostics(text) {
  byId("diagnostics").hidden = !text;
  byId("diagnostics").firstElementChild.textContent = text;
}

// Only where `archdsl view` serves the page is there something to follow.
function follow(version) {
  const events = new EventSource(`events?version=${version}`);
  events.addEventListener("network", (event) => {
    load(JSON.parse(event.data));
    showDiagnostics("");
  });
  events.addEventListener("diagnostics", (event) => showDiagnostics(JSON.parse(event.data)));
}

async function save(suffix) {
  byId("formats").hidePopover();
  if (!view.figure) return;
  const svg = standalone(view.figure, fonts);
  const blob = suffix === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await picture(svg, view.figure.frame);
  download(blob, fileName(network.content.name, home.path, suffix));
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

new Search(byId("query"), byId("results"), {
  find: (query) => network?.find(query) ?? [],
  title: (item) => network.title(item),
  go,
});
byId("in").addEventListener("click", () => camera.zoom(1.25));
byId("out").addEventListener("click", () => camera.zoom(0.8));
byId("fit").addEventListener("click", () => camera.fit());
for (const suffix of ["svg", "png"]) byId(`save-${suffix}`).addEventListener("click", () => save(suffix));
byId("theme").addEventListener("click", switchTheme);
addEventListener("hashchange", route);
addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector(":popover-open")) return; // The menu has keys of its own.
  const act = {
    "/": () => byId("query").focus(),
    "+": () => camera.zoom(1.25),
    "=": () => camera.zoom(1.25),
    "-": () => camera.zoom(0.8),
    "0": () => camera.fit(),
    "Escape": up,
    "Backspace": up,
  }[event.key];
  if (act) act();
  // Before anything has the focus, arrow keys lead into the figure.
  else if (!(stage.contains(event.target) || event.target === document.body) || !view.step(event.key)) return;
  event.preventDefault();
});
byId("more").addEventListener("click", () => {
  const open = byId("side").classList.toggle("open");
  byId("more").setAttribute("aria-expanded", String(open));
  view.reveal(); // The figure has less room now.
});
load(content);
showDiagnostics(content.diagnostics ?? "");
if (content.version !== undefined) follow(content.version);
