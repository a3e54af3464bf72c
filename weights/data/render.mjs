// Renders a list of pictures (SVG text or files) to raw RGBA squares of one size, in the order of the list.
// usage: node render.mjs LIST.json OUT.rgba SIZE      LIST: [{ "svg": "<svg …>" } | { "file": "path" }]
import { createWriteStream, readFileSync } from "node:fs";
import sharp from "sharp";

const [listFile, outFile, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const list = JSON.parse(readFileSync(listFile, "utf8"));
const transparent = { r: 0, g: 0, b: 0, alpha: 0 };

async function render({ svg, file }) {
  const input = svg ? Buffer.from(svg) : file;
  return sharp(input, { density: 144 })
    .resize(size, size, { fit: "contain", background: transparent })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer();
}

const out = createWriteStream(outFile);
for (const [index, item] of list.entries()) {
  const pixels = await render(item);
  if (pixels.length !== size * size * 4) throw new Error(`picture ${index}: expected RGBA, got ${pixels.length} bytes`);
  if (!out.write(pixels)) await new Promise((resolve) => out.once("drain", resolve));
  if (index % 1000 === 0) console.error(`rendered ${index} of ${list.length}`);
}
await new Promise((resolve) => out.end(resolve));
