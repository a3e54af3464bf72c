import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { GalleryFileError } from "../errors.ts";
import type { AlbefModel, FeatureDType, Gallery } from "../types.ts";

const weights = fileURLToPath(new URL("../../../../weights/", import.meta.url));
const names = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"];
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(weights, "gallery", name)));
const photo = (id: string) => ({ id, image: new Blob([bytesOf(id)]) });

let model: AlbefModel;
let gallery: Gallery;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-gallery-"));
  model = await Albef.fromPretrained(join(weights, "albef-mini"), { device: "wasm" });
  gallery = await model.gallery(names.map(photo));
});
afterAll(() => {
  gallery.dispose();
  model.dispose();
  rmSync(folder, { recursive: true });
});

describe("searching", () => {
  test("by text, by picture, by a picture of its own, and the captions of a picture", async () => {
    const hits = await gallery.search("a sailboat");
    expect(hits.map(({ id }) => id)).toHaveLength(3);
    expect(hits[0]).toMatchObject({ id: "sailboat-fluent-3d.webp", rankItc: 0 });
    expect(hits[0]!.score).toBe(hits[0]!.itc);
    const [same] = await gallery.search(new Blob([bytesOf("pizza-twemoji.webp")]));
    expect(same!.id).toBe("pizza-twemoji.webp");
    expect(same!.score).toBeCloseTo(1, 2);
    expect((await gallery.similarTo(names[0]!)).map(({ id }) => id)).not.toContain(names[0]);
    const captions = ["a sunflower", "a sailboat", "a pizza"];
    const fits = await gallery.captionsFor("pizza-twemoji.webp", captions);
    expect(fits[0]).toMatchObject({ caption: "a pizza", index: 2 });
    const outside = await gallery.captionsFor(bytesOf("pizza-twemoji.webp"), captions, { rerank: 3, topK: 2 });
    expect(outside.map(({ itm }) => typeof itm)).toEqual(["number", "number"]);
  });

  test("re-ranked by ITM: ordered by the logit that matchScores gives", async () => {
    const hits = await gallery.search("a pizza", { rerank: 2 });
    expect(hits[0]!.itm).toBeGreaterThanOrEqual(hits[1]!.itm!);
    expect(hits[2]!.itm).toBeUndefined();
    const [alone] = await model.matchScores(bytesOf(hits[0]!.id), ["a pizza"]);
    expect(hits[0]!.itm).toBeCloseTo(alone!.logit, 3);
  });

  test("what makes no sense is refused", async () => {
    await expect(gallery.search(bytesOf(names[0]!), { rerank: 4 })).rejects.toThrow("without rerank");
    await expect(gallery.similarTo("nobody.png")).rejects.toThrow('"nobody.png"');
    expect(await (await model.gallery()).search("a pizza")).toEqual([]);
  });
});

describe("contents", () => {
  test("unreadable pictures are named, the others are in; ids are replaced, removed and numbered", async () => {
    using own = await model.gallery();
    const broken = { id: "broken.png", image: new Blob([Uint8Array.of(1, 2, 3)]) };
    const added = await own.add([photo(names[0]!), broken, photo(names[1]!)]);
    expect(added.ids).toEqual(names.slice(0, 2));
    expect(added.failed.map(({ id }) => id)).toEqual(["broken.png"]);
    await own.add([{ id: names[0]!, image: bytesOf(names[2]!) }]); // another picture under a known id
    expect((await own.search("a sunflower"))[0]!.id).toBe(names[0]);
    expect(await own.remove([names[0]!, "nobody.png"])).toBe(1);
    expect(await own.search("a sunflower")).toHaveLength(1);
    const twice = [new File([bytesOf(names[0]!)], "a.webp"), new File([bytesOf(names[2]!)], "a.webp")];
    expect((await own.add(twice)).ids).toEqual(["a.webp", "a.webp-1"]);
    expect(own.size).toBe(3);
  });

  test("an abort keeps what was done", async () => {
    using own = await model.gallery();
    const abort = new AbortController();
    const many = Array.from({ length: 20 }, (_, i) => ({ ...photo(names[i % 3]!), id: `${i}` }));
    const onProgress = () => abort.abort(new Error("enough"));
    await expect(own.add(many, { signal: abort.signal, onProgress })).rejects.toThrow("enough");
    expect(own.size).toBeLessThan(20);
  });
});

describe("saved", () => {
  test.each<FeatureDType>(["f32", "f16", "int8"])("%s: a saved gallery ranks as before", async (dtype) => {
    using own = await model.gallery(names.map(photo), { dtype });
    const before = await own.search("a sunflower");
    const path = join(folder, `${dtype}.albef`);
    await own.save(path);
    expect(readdirSync(folder).filter((name) => name.includes(".new"))).toEqual([]);
    using loaded = await model.gallery([], { imageOf: (id) => new Blob([bytesOf(id)]) });
    await loaded.load(path);
    expect(await loaded.search("a sunflower")).toEqual(before);
    expect((await loaded.search("a sunflower", { rerank: 3 }))[0]!.itm).toBeTypeOf("number");
    using bare = await model.gallery();
    await bare.load(own.toBlob());
    await expect(bare.search("a sunflower", { rerank: 3 })).rejects.toThrow("imageOf");
  });

  const saved = async () => new Uint8Array(await gallery.toBlob().arrayBuffer());
  const hostile: readonly [string, (file: Uint8Array) => Uint8Array, string][] = [
    ["another file", () => new TextEncoder().encode("x".repeat(100)), "is no saved gallery"],
    ["an empty file", () => new Uint8Array(), "is no saved gallery"],
    ["a cut file", (file) => file.slice(0, -40), "damaged"],
    ["a changed value", (file) => file.with(file.length - 50, file.at(-50)! ^ 1), "damaged"],
    ["a later version", (file) => file.with(8, 9), "of version 9"],
    ["a header past the end", (file) => file.with(15, 0x0f), "does not fit"],
  ];
  test.each(hostile)("%s is refused, and the gallery stays as it was", async (_name, spoil, problem) => {
    const file = new Blob([spoil(await saved()) as Uint8Array<ArrayBuffer>]);
    const loading = gallery.load(file);
    await expect(loading).rejects.toThrow(GalleryFileError);
    await expect(loading).rejects.toThrow(problem);
    expect(gallery.ids).toEqual(names);
  });
});
