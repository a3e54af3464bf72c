import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Shape, safetensorsBlob, type TensorData, writableTensor } from "@albef/core";
import { parseConfig } from "@albef/encoder";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generatedTensors } from "../official-size/generated-checkpoint.ts";
import { hashValues } from "./hash-weights.ts";
import { runCase } from "./run-case.ts";
import type { Runner } from "./runner.ts";
import { openRunner } from "./runners.ts";

/** Nothing here is as in the project's own cases, nor are two of the sizes equal. */
const CONFIG = {
  ...{ image_res: 24, patch_size: 6, vision_width: 30, vision_depth: 2, vision_heads: 5, mlp_ratio: 3 },
  ...{ hidden_size: 32, num_hidden_layers: 5, fusion_layer: 2, num_attention_heads: 4, intermediate_size: 44 },
  ...{ vocab_size: 90, max_position_embeddings: 16, encoder_width: 30, embed_dim: 12, queue_size: 8 },
};
const BATCH = 3;
const LENGTH = 7;
const QUANTITIES: Readonly<Record<string, Shape>> = {
  patch_embed: [BATCH, 16, 30],
  vit_block1: [BATCH, 17, 30],
  image_embeds: [BATCH, 17, 30],
  text_embeds: [BATCH, LENGTH, 32],
  fusion_layer4: [BATCH, LENGTH, 32],
  image_feat: [BATCH, 12],
  text_feat: [BATCH, 12],
  itm_logits: [BATCH, 2],
  mlm_logits: [BATCH, LENGTH, 90],
};

type Values = Readonly<Record<string, readonly [Shape, TensorData]>>;

const inputs: Values = {
  "in.image": [[BATCH, 3, 24, 24], hashValues("image", BATCH * 3 * 24 * 24, { spread: 2 })],
  "in.input_ids": [[BATCH, LENGTH], Int32Array.from({ length: BATCH * LENGTH }, (_, i) => (i * 37 + 5) % 90)],
  "in.attention_mask": [[BATCH, LENGTH], Int32Array.from({ length: BATCH * LENGTH }, (_, i) => +(i % LENGTH < 5))],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-parity-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = async (path: string) => readFileSync(join(folder, path));

async function writeCase(results: Values): Promise<void> {
  mkdirSync(join(folder, "mine"), { recursive: true });
  const tensors = Object.entries({ ...inputs, ...results }).map(([name, [shape, data]]) => {
    const dtype = data instanceof Int32Array ? "i32" : "f32";
    return writableTensor({ name, dtype, shape, data });
  });
  const write = async (name: string, blob: Blob) =>
    writeFileSync(join(folder, "mine", name), new Uint8Array(await blob.arrayBuffer()));
  await write("tensors.safetensors", await safetensorsBlob(tensors));
  await write("weights.safetensors", await safetensorsBlob(generatedTensors(parseConfig(CONFIG))));
  const expected = Object.entries(results).map(([name, [shape]]) => [name, { shape, atol: 2e-5, rtol: 1e-4 }]);
  const json = {
    ...{ case: "tiny", config: CONFIG, tensors_file: "tensors.safetensors" },
    ...{ weights: { file: "weights.safetensors" }, expected: Object.fromEntries(expected) },
  };
  writeFileSync(join(folder, "mine", "case.json"), JSON.stringify(json));
}

/** A runner that keeps what it computed last. */
function remembering(runner: Runner) {
  const results = new Map<string, ArrayLike<number>>();
  const kept: Runner = {
    ...runner,
    async compile(graph, weights) {
      const compiled = await runner.compile(graph, weights);
      return {
        async run(given) {
          const outputs = await compiled.run(given);
          for (const [name, values] of Object.entries(outputs)) results.set(name, values);
          return outputs;
        },
        [Symbol.dispose]: () => compiled[Symbol.dispose](),
      };
    },
  };
  return { runner: kept, results };
}

test("another folder with other sizes, heads and layers runs; what differs fails", async () => {
  const zeros = Object.entries(QUANTITIES).map(([name, shape]) => {
    return [`out.${name}`, [shape, new Float32Array(shape.reduce((size, extent) => size * extent, 1))]] as const;
  });
  await writeCase(Object.fromEntries(zeros));
  const f64 = remembering(await openRunner("f64"));
  const { lines } = await runCase("mine", read, f64.runner);
  expect(lines.map(({ ok }) => ok)).toEqual(zeros.map(() => false)); // nothing is zero
  const results = zeros.map(([name, [shape]]) => {
    return [name, [shape, Float32Array.from(f64.results.get(name.slice("out.".length))!)]] as const;
  });
  await writeCase(Object.fromEntries(results));
  const tfjs = await openRunner("tfjs");
  const { lines: checked, skipped } = await runCase("mine", read, tfjs);
  tfjs.dispose();
  expect(checked.filter(({ ok }) => !ok)).toEqual([]);
  expect([checked.length, skipped]).toEqual([zeros.length, []]);
});
