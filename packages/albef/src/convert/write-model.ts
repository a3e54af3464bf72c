import { safetensorsChunks, type WritableTensor, writableTensor } from "@albef/core";
import type { LoadedModel } from "../model/load.ts";
import { loadedSharing, sharedTensors, UNSHARED } from "../model/shared-weights.ts";
import { shapesOf } from "../model/stored-values.ts";
import type { ModelSink } from "./sinks.ts";

/** Files that a trained model takes over from the one it began from. */
const TAKEN_OVER = ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"];

/** Writes a trained model as a folder that `Albef.fromPretrained` loads; what was learnt is stored as f32. */
export async function writeModel({ origin, config }: LoadedModel, sink: ModelSink): Promise<void> {
  try {
    for (const name of TAKEN_OVER) {
      const file = await origin.files.open(name);
      if (file) await sink.write(name, chunksOf(file));
    }
    const names = [...shapesOf(origin).keys()];
    const shared = new Set(sharedTensors(names, config).values());
    const isUnshared = shared.size > 0 && loadedSharing(names, config) === "none";
    const tensors = tensorsOf(origin).filter(({ name }) => isUnshared || !shared.has(name));
    await sink.write("model.safetensors", safetensorsChunks(tensors, isUnshared ? UNSHARED : {}));
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

function tensorsOf({ weights, replaced }: LoadedModel["origin"]): WritableTensor[] {
  const stored = weights.flatMap((file) => [...file.tensors].map(([name, spec]) => ({ file, name, ...spec })));
  const kept = stored.filter(({ name }) => !replaced.has(name));
  return [
    ...kept.map(({ file, name, dtype, shape }) => ({ name, dtype, shape, bytes: () => file.bytes(name) })),
    ...[...replaced].map(([name, { shape, data }]) => writableTensor({ name, dtype: "f32", shape, data })),
  ];
}

async function* chunksOf(file: Blob): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await file.arrayBuffer());
}
