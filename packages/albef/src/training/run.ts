import { byteSource, openSafetensors } from "@albef/core";
import { openState } from "@albef/distillation";
import type { RetrievalMetrics } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { tunedModel } from "./adapter.ts";
import { type Learnt, writeAdapter } from "./adapter-file.ts";
import type { Goal } from "./goals.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { metricsIn, restore, saveRun } from "./saved-run.ts";
import { learntNow, type Progress, steps, stepsDone } from "./steps.ts";
import type { FinetuneRun, FinetuneStep, Metrics, PretrainOptions, TrainingPair } from "./types.ts";

export interface RunOptions<Model> extends PretrainOptions {
  readonly goal: Goal;
  publish(tuned: LoadedModel): Model;
}

/** Trains for retrieval, or pre-trains: one trainer, whose losses and defaults are those of `goal`. */
export async function startTraining<Model, Measured extends Metrics = RetrievalMetrics>(
  model: LoadedModel,
  pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
  { publish, ...options }: RunOptions<Model>,
): Promise<FinetuneRun<Model, Measured>> {
  const saved = options.resume && (await openSafetensors(byteSource(options.resume, "saved training")));
  const prepared = await prepare(model, pairs, { ...options, state: saved && (await openState(saved)) });
  const { plan, step, heldOut, words, memory, memoryBytes, goal } = prepared;
  const progress: Progress = { best: undefined, worse: 0, isRunning: false };
  const dispose = () => {
    heldOut?.[Symbol.dispose]();
    words[Symbol.dispose]();
    step.dispose();
  };
  try {
    const identity = { goal, plan, base: model.fingerprint };
    if (saved) await restore(saved, progress, identity);
    const before = stepsDone(step) === 0 ? await heldOut?.measure() : metricsIn(saved!.metadata.before);
    const learnt = () => learntBy(prepared, progress);
    return {
      plan,
      memory,
      memoryBytes,
      before: before as Measured | undefined, // what the goal is measured by
      get step() {
        return stepsDone(step);
      },
      get best() {
        return progress.best?.metrics as Measured | undefined;
      },
      [Symbol.asyncIterator]: () => steps(prepared, progress, options) as AsyncGenerator<FinetuneStep<Measured>>,
      hiddenWord: (pair, asked = {}) => words.expected(pair, asked),
      save: () => saveRun(step.state, { ...identity, progress, before }),
      adapter: async () => writeAdapter(await learnt(), model.fingerprint),
      model: async () => publish(await tunedModel(model, await learnt())),
      dispose,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function learntBy({ step, isStored, copied }: Prepared, progress: Progress): Promise<Learnt> {
  return { tensors: progress.best?.learnt ?? (await learntNow(step, isStored)), sources: copied };
}
