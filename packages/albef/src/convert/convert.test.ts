import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { byteSource, openSafetensors, WeightError } from "@albef/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { sha256 } from "../testing/file-server.ts";
import type { Features } from "../types.ts";
import { convertCheckpoint } from "./convert.ts";
import { diskSink } from "./disk-sink.ts";
import { isNeeded } from "./selection.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bytesOf = (path: string) => readFileSync(join(root, path));
const source = (path: string) => byteSource(bytesOf(path), path.split("/").at(-1)!);
const tokenizerFile = (path: string) => new File([bytesOf(path)], path.split("/").at(-1)!);
const tiny = {
  config: JSON.parse(bytesOf("fixtures/tiny/case.json").toString()).config,
  tokenizer: tokenizerFile("fixtures/tokenizer/vocab.txt"),
};
const mini = {
  config: JSON.parse(bytesOf("weights/albef-mini/config.json").toString()),
  tokenizer: tokenizerFile("weights/albef-mini/tokenizer.json"),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-convert-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All tensors of a converted model, over its shards. */
async function tensorsOf(model: string): Promise<Map<string, ArrayLike<number>>> {
  const tensors = new Map<string, ArrayLike<number>>();
  for (const name of readdirSync(model).filter((file) => file.endsWith(".safetensors"))) {
    const file = await openSafetensors(byteSource(readFileSync(join(model, name)), name));
    for (const key of file.tensors.keys()) tensors.set(key, (await file.read(key)).data);
  }
  return tensors;
}

describe("a .pth of torch.save", () => {
  test("becomes a folder with the same values, in shards, that loads", async () => {
    const out = join(folder, "tiny");
    const progress: number[] = [];
    const { files } = await convertCheckpoint(source("fixtures/pth/tiny_zip.pth"), await diskSink(out), {
      ...tiny,
      dtype: "f32",
      maxShardBytes: 200_000,
      onProgress: ({ loaded, total }) => progress.push(loaded / total!),
    });
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect([...files.keys()].filter((name) => /-of-0000\d\.safetensors$/.test(name)).length).toBeGreaterThan(1);
    for (const [name, file] of files) expect(file.sha256).toBe(sha256(readFileSync(join(out, name))));
    const given = await openSafetensors(source("fixtures/tiny/weights.safetensors"));
    const converted = await tensorsOf(out);
    const wanted = [...given.tensors.keys()].filter(isNeeded);
    expect([...converted.keys()].toSorted()).toEqual(wanted.toSorted());
    for (const key of wanted) expect(converted.get(key), key).toEqual((await given.read(key)).data);
    using model = await Albef.fromPretrained(out, { device: "cpu" });
    expect((await model.encodeTexts(["a dog"])).width).toBe(tiny.config.embed_dim);
  });

  test("resizes its position embeddings for larger images", async () => {
    const out = join(folder, "larger");
    await convertCheckpoint(source("fixtures/pth/tiny_zip.pth"), await diskSink(out), { ...tiny, imageSize: 48 });
    using model = await Albef.fromPretrained(out, { device: "cpu" });
    expect(model.imageSize).toBe(48);
    const pixels = { width: 48, height: 48, channels: 3 as const, data: new Uint8Array(48 * 48 * 3).fill(90) };
    expect((await model.encodeImages([pixels])).rows).toBe(1);
  });

  test.each([
    ["truncated_half_small_zip.pth", "truncated"],
    ["malicious_os_system_p2_zip.pth", "posix.system"],
    ["out_of_bounds_zip.pth", "storage"],
    ["small_zip.pth", "no weights of ALBEF"],
  ])("%s is refused, and nothing is left", async (name, problem) => {
    const out = join(folder, "refused");
    const sink = await diskSink(out);
    await expect(convertCheckpoint(source(`fixtures/pth/${name}`), sink)).rejects.toThrow(problem);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((left) => left.includes("refused"))).toEqual([]);
  });

  test("an abort, another model's words, a size that does not fit, a folder that is there: nothing is left", async () => {
    const out = join(folder, "aborted");
    const convert = async (options: object) =>
      convertCheckpoint(source("fixtures/pth/tiny_zip.pth"), await diskSink(out), { ...tiny, ...options });
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error("enough"));
    await expect(convert({ signal: abort.signal, onProgress })).rejects.toThrow("enough");
    await expect(convert({ tokenizer: undefined })).rejects.toThrow("30522 words");
    await expect(convert({ imageSize: 50 })).rejects.toThrow("whole patches of 8");
    expect(readdirSync(folder).filter((left) => left.includes("aborted"))).toEqual([]);
    await expect(diskSink(join(folder, "tiny"))).rejects.toThrow("is there already");
  });
});

describe("albef-mini", () => {
  const captions = ["a sailboat", "a slice of pizza", "a yellow flower", "a dog"];
  const features = async (model: string): Promise<[Features, Features]> => {
    using loaded = await Albef.fromPretrained(model, { device: "wasm" });
    const images = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp"].map((name) => bytesOf(`weights/gallery/${name}`));
    return [await loaded.encodeTexts(captions), await loaded.encodeImages(images)];
  };
  const leastCosine = (a: Features, b: Features) =>
    Math.min(
      ...Array.from({ length: a.rows }, (_, row) => {
        const part = ({ data, width }: Features) => data.subarray(row * width, (row + 1) * width);
        return part(a).reduce((sum, value, i) => sum + value * part(b)[i]!, 0);
      }),
    );

  test.each([
    ["f16", 0.99999, 1.0],
    ["q8", 0.999, 0.68],
    ["q4", 0.9, 0.5],
  ] as const)("%s: the same features to a cosine of %f, %f of the bytes", async (dtype, cosine, share) => {
    const out = join(folder, dtype);
    const weights = "weights/albef-mini/model.safetensors";
    await convertCheckpoint(source(weights), await diskSink(out), { ...mini, dtype });
    const [texts, images] = await features(join(root, "weights/albef-mini"));
    const [ownTexts, ownImages] = await features(out);
    expect(leastCosine(texts, ownTexts)).toBeGreaterThan(cosine);
    expect(leastCosine(images, ownImages)).toBeGreaterThan(cosine);
    const size = readFileSync(join(out, "model.safetensors")).length;
    expect(size / bytesOf(weights).length).toBeLessThanOrEqual(share);
  });

  test("a matrix that does not fit the configuration is named", async () => {
    const out = join(folder, "misfit");
    await convertCheckpoint(source("weights/albef-mini/model.safetensors"), await diskSink(out), {
      ...mini,
      config: { ...mini.config, embed_dim: 64 },
    });
    await expect(Albef.fromPretrained(out, { device: "cpu" })).rejects.toThrow(WeightError);
    await expect(Albef.fromPretrained(out, { device: "cpu" })).rejects.toThrow("vision_proj.weight");
  });
});
