import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Albef } from "albef";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const picture = (name: string) => new Blob([readFileSync(join(root, "weights", "gallery", name))]);
const NAMES = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-readme-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the JavaScript of a page as it is written there, from top to bottom; gives back the variables of these names. */
async function runLines(page: string, given: Record<string, unknown>, names: readonly string[]) {
  const blocks = [...readFileSync(join(root, page), "utf8").matchAll(/```js\n([\s\S]*?)```/g)].map(
    ([, lines]) => lines!,
  );
  expect(blocks[0]).toMatch(/^import { Albef } from "albef";\n/);
  const body = blocks
    .join("\n")
    .replace('import { Albef } from "albef";', "")
    .replace('"weights/albef-mini"', JSON.stringify(join(root, "weights", "albef-mini")))
    .replace('"photos.albef"', JSON.stringify(join(folder, "photos.albef")));
  const source = `return (async () => { ${body} return { ${names.join(", ")} }; })()`;
  return new Function("Albef", ...Object.keys(given), source)(Albef, ...Object.values(given));
}

test("the lines of the README run as they are written", async () => {
  const photos = NAMES.map((id) => ({ id, image: picture(id) }));
  const { hits, captions, gallery } = await runLines("README.md", { photos }, ["hits", "captions", "gallery"]);
  expect(hits[0].id).toBe("sailboat-fluent-3d.webp");
  expect(captions[0].caption).toBe("a sailboat");
  expect(gallery.size).toBe(3);
  expect(readFileSync(join(folder, "photos.albef")).length).toBeGreaterThan(0);
});

test("the lines of docs/fine-tune.md run as they are written", async () => {
  const captions = ["my lunch", "on holiday", "grandma in her garden"];
  const pairs = NAMES.map((name, i) => ({ image: picture(name), caption: captions[i] }));
  const { hits, file, state } = await runLines("docs/fine-tune.md", { pairs }, ["hits", "file", "state"]);
  expect(hits).toHaveLength(3);
  expect(file.size).toBeGreaterThan(1e6);
  expect(state.size).toBeGreaterThan(file.size);
});

test("the lines of docs/visual-entailment.md run as they are written", async () => {
  const labels = ["entailment", "contradiction", "neutral"];
  const items = NAMES.map((name, i) => ({ image: picture(name), text: "there is a pizza", label: labels[i] }));
  const shares = await runLines("docs/visual-entailment.md", { items }, labels);
  expect(shares.entailment + shares.neutral + shares.contradiction).toBeCloseTo(1, 5);
}, 180_000);

test("the lines of docs/visual-question-answering.md run as they are written", async () => {
  const answers = ["pizza", "sailboat", "sunflower"];
  const items = NAMES.map((name, i) => ({ image: picture(name), question: "What is this?", answer: answers[i] }));
  const names = ["best", "second", "own"];
  const { best, second, own } = await runLines("docs/visual-question-answering.md", { items }, names);
  expect(best.probability).toBeGreaterThanOrEqual(second.probability);
  expect(answers).toContain(best.answer);
  expect(own.probability).toBeLessThanOrEqual(1);
}, 180_000);

test("the lines of docs/grounding.md run as they are written", async () => {
  const given = { picture: picture("sailboat-fluent-3d.webp"), lunch: picture("pizza-twemoji.webp") };
  const names = ["seen", "boat", "head", "best", "before", "deeper", "again"];
  const { seen, boat, head, best, before, deeper, again } = await runLines("docs/grounding.md", given, names);
  expect(seen.words.map(({ word }: { word: string }) => word)).toEqual(["a", "red", "sailboat"]);
  expect(seen.map.data).toHaveLength(seen.map.width * seen.map.height);
  expect([boat.width, head.width]).toEqual([64, seen.map.width]);
  expect(best.box).toHaveLength(4);
  expect([before.mode, deeper.layer]).toEqual(["itc", 5]);
  expect(again.words.at(-1).word).toBe("water");
}, 180_000);

test("the lines of docs/image-pairs.md run as they are written", async () => {
  const [pizza, boat, flower] = NAMES.map(picture) as [Blob, Blob, Blob];
  const items = [
    { images: [pizza, boat], text: "the left image shows a pizza", isTrue: true },
    { images: [boat, flower], text: "the left image shows a pizza", isTrue: false },
    { images: [flower, pizza], text: "the right image shows a pizza", isTrue: true },
  ];
  const pairs = [pizza, boat, flower].map((image, i) => ({ image, caption: NAMES[i]!.replace(/-.*/, "") }));
  const found = await runLines("docs/image-pairs.md", { items, pairs }, ["probability", "judging"]);
  const { probability, judging } = found;
  expect(judging.plan.objective.faithful).toBe(false);
  expect(probability).toBeGreaterThan(0);
  expect(probability).toBeLessThan(1);
}, 180_000);
