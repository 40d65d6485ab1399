// The page: the address says which module is shown, and every part follows it.

const able = "DecompressionStream" in globalThis && CSS.supports("color", "light-dark(#000, #fff)");
if (!able) showNowhere("This page needs a browser of 2024 or later.");
const content = await unpacked(byId("content").textContent);
const fonts = await typefaces();
const stage = byId("stage");
const camera = new Camera(stage);
const panel = new Panel(byId("panel"));
const view = new FigureView(stage, camera, { opened: open, toggled: toggle, focused: preview });
let network = null;
let added = 0; // Rules behind those that the style sheet has by itself.
let shown = null; // The item of the address.
let home = null; // The scope whose figure is on the stage.

function go(item) {
  const stays = network.base(item, openPaths) !== home && network.trail(item).includes(home) && isInPlace(item);
  follow(addressOf(item.path, stays ? home.path : undefined));
}

function follow(address) {
  if (location.hash === address) route();
  else location.hash = address;
}

// Whether a block that is open in place tells of an item: then its figure stays on the stage.
const isInPlace = (item) => openPaths.has(network.home(item).path);

function open(box) {
  const [first] = network.held(home, box);
  if (first) go(first);
}

// Opens a block in place, or closes it with all that is open in it.
function toggle(box) {
  const [{ path }] = network.held(home, box);
  const isIn = (each) => each === path || each.startsWith(`${path}.`);
  if (openPaths.has(path)) [...openPaths].filter(isIn).forEach((each) => openPaths.delete(each));
  else openPaths.add(path);
  const left = isIn(shown.path) ? home : shown;
  follow(addressOf(left.path, network.base(left, openPaths) === home ? undefined : home.path));
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
  const asked = placeIn(location.hash);
  shown = network.nearest(asked.path);
  const [missing] = [asked.path, ...asked.open].filter((path) => !network.items.has(path));
  showNowhere(missing === undefined ? "" : network.missing(missing, network.nearest(missing)));
  openPaths.clear();
  asked.open.filter((path) => network.items.has(path)).forEach((path) => openPaths.add(path));
  home = network.trail(shown).find((each) => each.path === asked.base) ?? network.base(shown, openPaths);
  view.show(network.open(home, openPaths), home.path, `Figure of ${home.path || network.content.name}`);
  const box = shown === home ? undefined : boxOf(home, shown);
  view.select(box, network.teller(shown) !== shown);
  panel.show(network, shown, standsFor(shown, box));
  crumbs();
  document.title = shown.path ? `${shown.path} · ${network.content.name}` : network.content.name;
  if (before.home && before.home.path !== home.path) {
    // On the way up the focus is on what was left, on the way down at the start of the figure.
    const came = before.shown.path.startsWith(home.path) ? boxOf(home, before.shown) : undefined;
    view.focus(box ?? came);
  } else if (box && document.activeElement === document.body) view.focus(box);
}

// Out of what is open in place around the focus, then out of what is selected, then out of the figure.
function up() {
  if (!network) return;
  const [focused] = network.held(home, view.focused() ?? "");
  const around = focused && network.trail(focused).findLast((each) => openPaths.has(each.path) && each !== home);
  const box = around && boxOf(home, around);
  if (box !== undefined) {
    view.focus(box);
    toggle(box);
    return;
  }
  if (!shown.parent) return;
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
  paint(content);
  if (network) route();
}

// The colours that the options and the theme add to those of the page, and what they stand for.
function paint({ rules = [], legend = [], scheme }) {
  const [sheet] = document.styleSheets;
  for (; added; added--) sheet.deleteRule(sheet.cssRules.length - 1);
  for (const rule of rules) sheet.insertRule(rule, sheet.cssRules.length);
  added = rules.length;
  if (scheme) document.documentElement.dataset.theme ??= scheme;
  byId("legend").hidden = !legend.length;
  byId("legend").replaceChildren(...legend.map(([look, text]) => element("li", { class: look }, text)));
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
function listen(version) {
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
if (content.version !== undefined) listen(content.version);
