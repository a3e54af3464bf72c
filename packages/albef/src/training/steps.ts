import { alphaAt, smoothLearningRate, type TrainingStep } from "@albef/distillation";
import type { LearntTensors } from "./adapter-file.ts";
import { orderOf, trainingBatch } from "./dataset.ts";
import { FinetuneError } from "./errors.ts";
import { inspectionOf } from "./inspection.ts";
import type { Prepared } from "./prepare.ts";
import type { FinetunePlan, FinetuneStep, Metrics } from "./types.ts";

const WARM_UP = 0.1; // of all steps
const LEAST_RATE = 0.1; // of the peak

export interface Progress {
  best: { readonly metrics: Metrics; readonly learnt: LearntTensors } | undefined;
  /** Passes since the best one. */
  worse: number;
  isRunning: boolean;
}

export interface StepsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly patience?: number | undefined;
}

/** Takes the steps that are left, one at a time; pictures of the next are decoded meanwhile. */
export async function* steps(
  prepared: Prepared,
  progress: Progress,
  { signal, patience }: StepsOptions,
): AsyncGenerator<FinetuneStep<Metrics>, void, undefined> {
  const { goal, plan, step, heldOut } = prepared;
  if (progress.isRunning) throw new FinetuneError(`${goal.name}: is being iterated already; one loop at a time`);
  progress.isRunning = true;
  try {
    const started = performance.now();
    const first = stepsDone(step);
    const batchesAt = batchesOf(prepared, signal);
    let next = batchesAt(first);
    for (let at = first; at < plan.steps; at++) {
      if (patience !== undefined && progress.worse >= patience) return;
      signal?.throwIfAborted();
      const batches = await next;
      if (at + 1 < plan.steps) next = batchesAt(at + 1);
      const info = await takeStep(step, batches, { at, plan, ramp: goal.lesson?.rampsAlpha ?? true });
      const isPassOver = (at + 1) % plan.stepsPerEpoch === 0;
      const metrics = isPassOver ? await heldOut?.measure() : undefined;
      if (metrics) await keepBest(prepared, progress, metrics);
      const perStep = (performance.now() - started) / 1000 / (at + 1 - first);
      const pairsPerStep = plan.batchSize * plan.accumulate;
      const pace = { pairsPerSecond: pairsPerStep / perStep, secondsLeft: perStep * (plan.steps - at - 1) };
      yield { ...info, ...pace, heldOut: metrics };
    }
  } finally {
    progress.isRunning = false;
  }
}

/** Steps that are over, those left out for an overflow too. */
export function stepsDone({ state: { counters } }: TrainingStep): number {
  return counters.step + counters.skippedSteps;
}

type Batch = Awaited<ReturnType<typeof trainingBatch>>;

/** The batches of a step. */
function batchesOf({ goal, plan, train, batches }: Prepared, signal: AbortSignal | undefined) {
  const { batchSize, accumulate, stepsPerEpoch } = plan;
  let order: { readonly epoch: number; readonly places: readonly number[] } | undefined;
  return (at: number): Promise<Batch[]> => {
    const epoch = Math.floor(at / stepsPerEpoch);
    if (order?.epoch !== epoch) order = { epoch, places: orderOf(train.length, epoch, plan) };
    const { places } = order;
    const parts = Array.from({ length: accumulate }, (_, i) => {
      const begin = ((at % stepsPerEpoch) * accumulate + i) * batchSize;
      const place = { epoch, number: at * accumulate + i, places: places.slice(begin, begin + batchSize) };
      return trainingBatch(train, place, { ...batches, plan, signal, lesson: goal.lesson });
    });
    const made = Promise.all(parts);
    made.catch(() => undefined); // told where it is awaited; a loop that was left does not await it
    return made;
  };
}

async function takeStep(
  step: TrainingStep,
  batches: readonly Batch[],
  { at, plan, ramp }: { readonly at: number; readonly plan: FinetunePlan; readonly ramp: boolean },
) {
  const epoch = Math.floor(at / plan.stepsPerEpoch);
  const learningRate = smoothLearningRate(at, {
    learningRate: plan.learningRate,
    minLearningRate: LEAST_RATE * plan.learningRate,
    steps: plan.steps,
    warmupSteps: Math.ceil(WARM_UP * plan.steps),
  });
  const iteration = at % plan.stepsPerEpoch;
  const alpha = alphaAt(epoch, iteration, { alpha: plan.alpha, iterationsPerEpoch: plan.stepsPerEpoch, ramp });
  const inputs = batches.map((batch) => batch.inputs);
  const { loss, losses, gradNorm, seen, skipped } = await step.run(inputs, { learningRate, alpha });
  const inspection = inspectionOf(seen, batches.at(-1)!.names);
  return {
    ...{ step: at + 1, epoch: epoch + 1, loss, losses, learningRate, alpha, gradNorm },
    ...(skipped && { skipped }),
    ...(inspection && { inspection }),
  };
}

async function keepBest({ step, isStored }: Prepared, progress: Progress, metrics: Metrics): Promise<void> {
  if (progress.best && metrics.mean <= progress.best.metrics.mean) {
    progress.worse++;
    return;
  }
  progress.best = { metrics, learnt: await learntNow(step, isStored) };
  progress.worse = 0;
}

/** The weights as they are now, those that the model's files have. */
export async function learntNow({ state }: TrainingStep, isStored: (name: string) => boolean): Promise<LearntTensors> {
  const learnt = new Map();
  for (const [name, shape] of state.trainable) {
    if (isStored(name)) learnt.set(name, { shape, data: (await state.weights.read(name)).slice() as Float32Array });
  }
  return learnt;
}
