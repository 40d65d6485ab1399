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

// `#/layer1/0` is the address of `layer1.0`.
const addressOf = (path) => `#/${path.split(".").map(encodeURIComponent).join("/")}`;

function pathIn(address) {
  try {
    return address.replace(/^#?\/?/, "").split("/").map(decodeURIComponent).join(".");
  } catch {
    return "";
  }
}
