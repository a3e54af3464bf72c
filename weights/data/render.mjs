// Renders a list of pictures (SVG text or files) to raw RGBA squares of one size, in the order of the list. Where the
// file holds some already, it goes on behind them.
// usage: node render.mjs LIST.json OUT.rgba SIZE      LIST: [{ "svg": "<svg …>" } | { "file": "path" }]
import { createWriteStream, existsSync, readFileSync, statSync, truncateSync } from "node:fs";
import sharp from "sharp";

const [listFile, outFile, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const list = JSON.parse(readFileSync(listFile, "utf8"));
const transparent = { r: 0, g: 0, b: 0, alpha: 0 };

/** A drawing whose page may cut it off or dwarf it: the page and its surroundings, [3 W, 3 H], in four wanted sizes each. */
function wholeDrawing(text) {
  const [tag] = /<svg[^>]*>/s.exec(text);
  const value = (name) => new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)`).exec(tag)?.[1];
  const box = value("viewBox")?.trim().split(/[\s,]+/).map(Number);
  const [x, y, width, height] = box ?? [0, 0, Number.parseFloat(value("width")), Number.parseFloat(value("height"))];
  const plain = tag.replace(/\s(viewBox|width|height|preserveAspectRatio)\s*=\s*("[^"]*"|'[^']*')/g, "");
  const page = `viewBox="${x - width} ${y - height} ${3 * width} ${3 * height}" width="${12 * size}" height="${12 * size}"`;
  return Buffer.from(text.replace(tag, plain.replace(/>$/, ` ${page}>`)));
}

async function picture({ svg, file }) {
  if (svg) return sharp(Buffer.from(svg), { density: 144 });
  if (!file.endsWith(".svg")) return sharp(file);
  const drawn = await sharp(wholeDrawing(readFileSync(file, "utf8"))).ensureAlpha().png().toBuffer();
  return sharp(await sharp(drawn).trim({ background: transparent, threshold: 1 }).png().toBuffer());
}

async function render(item) {
  return (await picture(item))
    .resize(size, size, { fit: "contain", background: transparent })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer();
}

const bytes = size * size * 4;
const done = existsSync(outFile) ? Math.floor(statSync(outFile).size / bytes) : 0;
if (done > 0) truncateSync(outFile, done * bytes);
const out = createWriteStream(outFile, { flags: "a" });
for (const [index, item] of list.entries()) {
  if (index < done) continue;
  const pixels = await render(item).catch((cause) => {
    throw new Error(`picture ${index} (${item.file ?? item.svg.slice(0, 200)}) cannot be drawn`, { cause });
  });
  if (pixels.length !== bytes) throw new Error(`picture ${index}: expected RGBA, got ${pixels.length} bytes`);
  if (!out.write(pixels)) await new Promise((resolve) => out.once("drain", resolve));
  if (index % 1000 === 0) console.error(`rendered ${index} of ${list.length}`);
}
await new Promise((resolve) => out.end(resolve));
