import {
  type NamedTensor,
  type ParameterStore,
  type Safetensors,
  type WritableTensor,
  writableTensor,
} from "@albef/core";
import { TrainingError } from "./errors.ts";
import type { StateCounters, TrainingState, TrainingWeights } from "./training-state.ts";

const STEP = "optimizer.step";
const POINTER = "queue_ptr";
const IDS = "idx_queue";
const SCALE = "loss_scale"; // with the steps since it was changed, and those that were left out; only in 16 bits
const UNSCALED = [1, 0, 0] as const;

/**
 * All that training changes, as the tensors of a safetensors file: weights, momentum copies (as the next step hears them)
 * and queues under their official names, the moments of AdamW as `exp_avg.*` and `exp_avg_sq.*`, the counters. Read from the
 * device now.
 */
export async function savedTensors(state: TrainingState): Promise<WritableTensor[]> {
  const { weights, moment1, moment2, teacher, queue, counters } = state;
  const tensors: NamedTensor[] = [];
  for (const store of [weights, moment1, moment2, teacher, queue]) if (store) tensors.push(...(await valuesOf(store)));
  const integers = (name: string, data: Int32Array): NamedTensor => ({
    name,
    dtype: "i32",
    shape: [data.length],
    data,
  });
  tensors.push(integers(STEP, Int32Array.of(counters.step)), integers(POINTER, Int32Array.of(counters.queuePointer)));
  const scaling = [counters.lossScale, counters.cleanSteps, counters.skippedSteps];
  if (`${scaling}` !== `${UNSCALED}`) tensors.push(integers(SCALE, Int32Array.from(scaling)));
  if (counters.queueIds.length > 0) tensors.push(integers(IDS, counters.queueIds.slice()));
  return tensors.map(writableTensor);
}

async function valuesOf(store: ParameterStore): Promise<NamedTensor[]> {
  const whole = new Set(store.arenas.map(({ name }) => name)); // the arenas themselves hold no more than their tensors
  const tensors: NamedTensor[] = [];
  for (const [name, spec] of store.specs) {
    if (!whole.has(name)) tensors.push({ name, ...spec, data: await store.read(name) });
  }
  return tensors;
}

/** What `createTrainingStep` needs to go on where a saved state was written. Throws TrainingError where it is none. */
export async function openState(
  file: Safetensors,
): Promise<{ readonly weights: TrainingWeights; readonly counters: Partial<StateCounters> }> {
  const integers = async (name: string) => Int32Array.from((await file.read(name)).data);
  for (const name of [STEP, POINTER]) {
    if (!file.tensors.has(name)) throw new TrainingError(`${file.name}: is no saved training, it holds no ${name}`);
  }
  const [lossScale, cleanSteps, skippedSteps] = file.tensors.has(SCALE) ? await integers(SCALE) : UNSCALED;
  return {
    weights: async (name) => {
      if (!file.tensors.has(name)) return undefined;
      const { dtype, data } = await file.read(name);
      if (dtype !== "f32") throw new TrainingError(`${file.name}: ${name} must be f32, got ${dtype}`);
      return data as Float32Array;
    },
    counters: {
      step: (await integers(STEP))[0]!,
      queuePointer: (await integers(POINTER))[0]!,
      ...{ lossScale: lossScale!, cleanSteps: cleanSteps!, skippedSteps: skippedSteps! },
      ...(file.tensors.has(IDS) && { queueIds: await integers(IDS) }),
    },
  };
}
