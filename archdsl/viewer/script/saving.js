// What is shown as a file that stands alone: SVG with its colours and typeface in it, or that as PNG.

const SHARP = 8 / 3; // Pixels of a PNG for a point: twice those of a screen.
const LONGEST = 16384; // More than so many pixels on a side, or in all, no browser surely draws.
const MOST_PIXELS = 16e6;
const TYPEFACE = "Archdsl Sans";
const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "rx", "font-size", "font-weight"];
const PLACES = ["x", "y", "width", "height", "cx", "cy", "r", "d", "points", "textLength"];

// The typeface of figures, so that they look alike on every machine.
async function typefaces() {
  const made = ["regular", "bold"].map(async (id) => {
    const weight = id === "bold" ? "700" : "400";
    const bytes = await unpackedBytes(byId(id).textContent);
    const loaded = new FontFace(TYPEFACE, bytes, { weight }).load();
    await loaded.then((face) => document.fonts.add(face), () => {}); // Without it, Helvetica or Arial has to do.
    const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    return `@font-face{font-family:"${TYPEFACE}";font-weight:${weight};src:url(data:font/ttf;base64,${data})}`;
  });
  return (await Promise.all(made)).join("");
}

// A figure as the text of an SVG file, in the colours that the page has now.
function standalone(figure, fonts) {
  const [x, y, width, height] = figure.frame;
  const stage = shape("svg", { class: "figure aside" }, ...drawing(figure));
  for (const sign of stage.querySelectorAll(".sign:not(text)")) sign.remove(); // In a file, nothing opens.
  document.body.append(stage);
  const ground = getComputedStyle(document.body).backgroundColor;
  const root = shape("svg", {
    viewBox: figure.frame.join(" "), width: `${width}pt`, height: `${height}pt`,
    "font-family": `"${TYPEFACE}", Helvetica, Arial, sans-serif`, "xml:space": "preserve",
  }, shape("style", {}, fonts), shape("rect", { x, y, width, height, fill: ground }), [...stage.children].map(plain));
  stage.remove();
  return new XMLSerializer().serializeToString(root);
}

// An element with its looks as attributes, which every program reads.
function plain(original) {
  const attributes = {};
  for (const name of PLACES) if (original.hasAttribute(name)) attributes[name] = original.getAttribute(name);
  if (original.tagName !== "g" && original.tagName !== "title") {
    const style = getComputedStyle(original);
    for (const name of LOOKS) {
      const value = style.getPropertyValue(name);
      if (value && !["none", "auto", "0px"].includes(value) || name === "fill") attributes[name] = value.replaceAll("px", "");
    }
  }
  const needless = original.tagName === "text" ? ["stroke-width"] : ["font-size", "font-weight"];
  for (const name of needless) delete attributes[name];
  const inside = original.children.length ? [...original.children].map(plain) : original.textContent;
  return shape(original.tagName, attributes, inside);
}

async function picture(svg, [, , width, height]) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(SHARP, LONGEST / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  const canvas = element("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function download(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// `resnet50-layer1.0.svg`: of what a spec calls itself, what a file may be called.
const fileName = (network, path, suffix) =>
  `${[network, path].filter(Boolean).join("-").replace(/[^\p{L}\p{N}._-]+/gu, "_")}.${suffix}`;
