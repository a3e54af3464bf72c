import { readFileSync } from "node:fs";
import { byteSource, type Executor, openSafetensors } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { parseConfig } from "@albef/encoder";
import type { TrainingWeights } from "../training-state.ts";

const fixture = (path: string) => readFileSync(new URL(`../../../../fixtures/${path}`, import.meta.url));

/** The recorded tiny model: no dropout. */
export const tinyConfig = parseConfig(JSON.parse(fixture("tiny/case.json").toString()).config);

/** Its weights, with momentum copies and queues. */
export async function tinyWeights(): Promise<TrainingWeights> {
  const file = await openSafetensors(byteSource(fixture("tiny/weights.safetensors"), "tiny"));
  return async (name) => (file.tensors.has(name) ? Float32Array.from((await file.read(name)).data) : undefined);
}

/** tfjs on wasm: the fastest executor where there is no GPU. */
export async function openWasm(): Promise<Executor> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  return createTfjsExecutor(tf);
}
