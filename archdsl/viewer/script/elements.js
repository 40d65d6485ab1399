// Elements are built from text alone: nothing of a spec is ever read as markup.

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat(2).filter(Boolean));
  return made;
}

const byId = (id) => document.getElementById(id);

// Paths of blocks that are open in place. All addresses on the page keep them.
const openPaths = new Set();

// `#/layer1/0` is the address of `layer1.0`, `#/?open=layer1.0` of the overview with that open in place. Where `base` is
// given, it is in the figure of this scope.
function addressOf(path, base) {
  const asked = new URLSearchParams([...openPaths].map((each) => ["open", each]));
  if (base !== undefined) asked.set("in", base);
  return `#/${path.split(".").map(encodeURIComponent).join("/")}${asked.size ? `?${asked}` : ""}`;
}

function placeIn(address) {
  const [, names, query] = /^#?\/?([^?]*)\??(.*)$/s.exec(address);
  const asked = new URLSearchParams(query);
  try {
    return { path: names.split("/").map(decodeURIComponent).join("."), open: asked.getAll("open"), base: asked.get("in") };
  } catch {
    return { path: "", open: [], base: null };
  }
}
