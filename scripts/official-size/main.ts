// The path of official weights at their full size: a generated checkpoint is converted, cut, described, served, loaded, and
// gives the features that PyTorch recorded for the same weights: npm run check:official-size -- [f32|f16|q8|q4|sizes]
import { readFile } from "node:fs/promises";
import { ALBEF_BASE } from "@albef/encoder";
import { convertCheckpoint, type WeightDType } from "albef/convert";
import { loadModel } from "../../packages/albef/src/model/load.ts";
import { serveFiles } from "../../packages/albef/src/testing/file-server.ts";
import { hashImages } from "../parity/families/base-hash.ts";
import { asFloat, asInt, type StoredTensor } from "../parity/read-tensors.ts";
import { openCase } from "../parity/recorded-case.ts";
import { generatedCheckpoint } from "./generated-checkpoint.ts";
import { memorySink } from "./memory-sink.ts";
import { batchesTable, sizesTable } from "./sizes.ts";

const MAX_SHARD = 64 << 20;
/** Least cosine of a feature with the recorded one. */
const COSINE: Readonly<Record<WeightDType, number>> = { f32: 1 - 1e-6, f16: 1 - 1e-4, q8: 1 - 1e-2, q4: 1 - 2e-1 };

const WORDS_F32 = 94 << 20; // one tensor is never cut: the word embeddings in f32 are a file of their own

const dtype = (process.argv[2] ?? "f16") as WeightDType;
if (process.argv[2] === "sizes") {
  console.log(`${sizesTable(MAX_SHARD)}\n\n${await batchesTable()}`);
  process.exit(0);
}
if (!Object.hasOwn(COSINE, dtype)) throw new Error(`say f32, f16, q8, q4 or sizes, got ${dtype}`);

async function main(): Promise<boolean> {
  const recorded = await openCase("base-hash", (path) => readFile(new URL(`../../fixtures/${path}`, import.meta.url)));
  const lap = stopwatch();
  const files = new Map<string, Uint8Array>();
  const source = await generatedCheckpoint(ALBEF_BASE);
  await convertCheckpoint(source, memorySink(files), { dtype });
  lap(
    `converted ${megabytes(source.size)} to ${megabytes([...files.values()].reduce((sum, { length }) => sum + length, 0))}`,
  );
  const shards = [...files].filter(([name]) => name.endsWith(".safetensors"));
  const largest = Math.max(...shards.map(([, { length }]) => length));
  console.log(`${shards.length} weight files, the largest ${megabytes(largest)}`);
  await using server = await serveFiles(files);
  const model = await loadModel(server.url, { device: "webgpu", cache: "memory" });
  lap(
    `loaded over HTTP on ${model.device.description}: ${megabytes(model.engine.executor.memory().bytes)} on the device`,
  );
  const { imageSize } = model.config.vision;
  const pixels = partsOf(hashImages("input.image", [2, 3, imageSize, imageSize]), 2);
  const images = await model.engine.encodeImages(pixels.slice(0, 1)); // one is enough where a CPU computes it
  const texts = await model.engine.encodeTexts(
    tokensOf(recorded.tensor("in.input_ids"), recorded.tensor("in.attention_mask")),
  );
  lap("encoded an image and two texts");
  const cosines = [
    ...cosinesWith(images, recorded.tensor("out.image_feat")),
    ...cosinesWith(texts, recorded.tensor("out.text_feat")),
  ];
  model.dispose();
  const least = Math.min(...cosines);
  const ok = least >= COSINE[dtype] && largest <= (dtype === "f32" ? WORDS_F32 : MAX_SHARD) && shards.length > 1;
  console.log(`least cosine with the recorded features ${least.toFixed(7)}, at least ${COSINE[dtype]} wanted`);
  console.log(`memory of this process at most ${megabytes(process.resourceUsage().maxRSS * 1024)}`);
  console.log(ok ? `${dtype}: ok` : `${dtype}: FAILED`);
  return ok;
}

function partsOf(values: Float32Array, count: number): Float32Array[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

function tokensOf(ids: StoredTensor, mask: StoredTensor) {
  const [count, length] = ids.shape as readonly [number, number];
  const masks = partsOf(asFloat(mask), count);
  return masks.map((attentionMask, i) => ({
    inputIds: asInt(ids).subarray(i * length, (i + 1) * length),
    attentionMask,
  }));
}

function cosinesWith(encoded: readonly { readonly feature: Float32Array }[], recorded: StoredTensor): number[] {
  const wanted = partsOf(asFloat(recorded), recorded.shape[0]!);
  return encoded.map(({ feature }, i) => feature.reduce((sum, value, k) => sum + value * wanted[i]![k]!, 0));
}

function stopwatch() {
  let before = performance.now();
  return (what: string) => {
    console.log(`${what}, ${((performance.now() - before) / 1000).toFixed(1)} s`);
    before = performance.now();
  };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

process.exit((await main()) ? 0 : 1);
