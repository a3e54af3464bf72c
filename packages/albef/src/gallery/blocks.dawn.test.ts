import { createWebGpuExecutor, type Executor } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import type { FeatureDType } from "../types.ts";
import { type FeatureBlocks, featureBlocks } from "./blocks.ts";
import { dot } from "./rank.ts";

const ROWS = 100_000;
const WIDTH = 32;
/** Of one cosine, by what storage rounds: f16 keeps 11 bits, int8 7. */
const TOLERANCE: Readonly<Record<FeatureDType, number>> = { f32: 1e-5, f16: 1e-3, int8: 1e-2 };

const openers: Readonly<Record<string, () => Promise<Executor>>> = {
  async webgpu() {
    Object.assign(globalThis, globals);
    const gpu = create([]);
    return Object.assign(await createWebGpuExecutor({ gpu }), { gpu }); // Dawn crashes once its GPU object is collected
  },
  async tfjs() {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    return createTfjsExecutor(tf);
  },
};

/** Unit vectors that are the same in every run. */
function unitVectors(count: number): Float32Array[] {
  let state = 12345;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: WIDTH }, draw);
    const norm = Math.sqrt(dot(vector, vector));
    return vector.map((value) => value / norm);
  });
}

const vectors = unitVectors(ROWS);
const query = vectors[77_777]!;

describe.each(Object.entries(openers))("100,000 pictures, on %s", (_name, open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.dispose());

  test.each<FeatureDType>(["f32", "f16", "int8"])("%s: the best ten are the best of all", async (dtype) => {
    const before = executor.memory();
    const blocks: FeatureBlocks = featureBlocks(executor, { width: WIDTH, dtype });
    for (const vector of vectors) blocks.insert(vector);
    blocks.remove(3);
    const best = vectors.map((vector, row) => ({ row, score: row === 3 ? -1 : dot(vector, query) }));
    best.sort((a, b) => b.score - a.score);
    const found = await blocks.search(query, { k: 10 });
    expect(found[0]!.row).toBe(77_777);
    for (const [place, { row, score }] of found.entries()) {
      expect(Math.abs(score - dot(vectors[row]!, query))).toBeLessThan(TOLERANCE[dtype]);
      expect(Math.abs(score - best[place]!.score)).toBeLessThan(TOLERANCE[dtype]);
    }
    blocks.dispose();
    await new Promise((resolve) => setTimeout(resolve));
    expect(executor.memory()).toEqual(before);
  });
});
