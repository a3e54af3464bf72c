import { byteSource, openSafetensors, safetensorsBlob, writableTensor } from "@albef/core";
import { alphaAt, openState, savedTensors, smoothLearningRate, type TrainingStep } from "@albef/distillation";
import type { RetrievalMetrics } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import type { AlbefModel } from "../types.ts";
import { type Learnt, tunedModel, writeAdapter } from "./adapter.ts";
import { orderOf, trainingBatch } from "./dataset.ts";
import { FinetuneError } from "./errors.ts";
import { inspectionOf } from "./inspection.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { FinetuneOptions, FinetunePlan, FinetuneRun, FinetuneStep, TrainingPair } from "./types.ts";

const SAVED = "albef-finetune";
const BEST = "best.";
const WARM_UP = 0.1; // of all steps
const LEAST_RATE = 0.1; // of the peak

interface Progress {
  best: { readonly metrics: RetrievalMetrics; readonly learnt: Learnt } | undefined;
  /** Passes since the best one. */
  worse: number;
  isRunning: boolean;
}

/** Fine-tunes for retrieval (paper section 3, ITC and ITM with hard negatives and momentum distillation). */
export async function finetune(
  model: LoadedModel,
  pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
  { publish, ...options }: FinetuneOptions & { publish(tuned: LoadedModel): AlbefModel },
): Promise<FinetuneRun<AlbefModel>> {
  const saved = options.resume && (await openSafetensors(byteSource(options.resume, "saved training")));
  const prepared = await prepare(model, pairs, { ...options, state: saved && (await openState(saved)) });
  const { plan, step, heldOut, memoryBytes } = prepared;
  const progress: Progress = { best: undefined, worse: 0, isRunning: false };
  const dispose = () => {
    heldOut?.[Symbol.dispose]();
    step.dispose();
  };
  try {
    if (saved) await restore(saved, { plan, base: model.fingerprint, progress });
    const before = step.state.counters.step === 0 ? await heldOut?.measure() : metricsIn(saved!.metadata.before);
    const learnt = async () => progress.best?.learnt ?? (await learntNow(step, prepared.isStored));
    return {
      plan,
      memoryBytes,
      before,
      get best() {
        return progress.best?.metrics;
      },
      [Symbol.asyncIterator]: () => steps(prepared, progress, options),
      save: () => save({ step, plan, base: model.fingerprint, progress, before }),
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

async function* steps(
  prepared: Prepared,
  progress: Progress,
  { signal, patience }: FinetuneOptions,
): AsyncGenerator<FinetuneStep, void, undefined> {
  const { plan, step, heldOut } = prepared;
  if (progress.isRunning) throw new FinetuneError("finetune: is being iterated already; one loop at a time");
  progress.isRunning = true;
  try {
    const started = performance.now();
    const first = step.state.counters.step;
    let next = batchAt(prepared, first, signal);
    while (step.state.counters.step < plan.steps) {
      signal?.throwIfAborted();
      const at = step.state.counters.step;
      const batch = await next;
      if (at + 1 < plan.steps) next = batchAt(prepared, at + 1, signal); // decoded while this step runs
      const info = await takeStep(step, batch, { at, plan });
      const isPassOver = (at + 1) % plan.stepsPerEpoch === 0;
      const metrics = isPassOver ? await heldOut?.measure() : undefined;
      if (metrics) await keepBest(prepared, progress, metrics);
      const perStep = (performance.now() - started) / 1000 / (at + 1 - first);
      const pace = { pairsPerSecond: plan.batchSize / perStep, secondsLeft: perStep * (plan.steps - at - 1) };
      yield { ...info, ...pace, heldOut: metrics };
      if (patience !== undefined && progress.worse >= patience) return;
    }
  } finally {
    progress.isRunning = false;
  }
}

function batchAt({ plan, train, batches }: Prepared, at: number, signal: AbortSignal | undefined) {
  const epoch = Math.floor(at / plan.stepsPerEpoch);
  const begin = (at % plan.stepsPerEpoch) * plan.batchSize;
  const places = orderOf(train.length, epoch, plan).slice(begin, begin + plan.batchSize);
  const batch = trainingBatch(train, { epoch, places }, { ...batches, plan, signal });
  batch.catch(() => undefined); // told where it is awaited; a loop that was left does not await it
  return batch;
}

async function takeStep(
  step: TrainingStep,
  batch: Awaited<ReturnType<typeof trainingBatch>>,
  { at, plan }: { readonly at: number; readonly plan: FinetunePlan },
) {
  const epoch = Math.floor(at / plan.stepsPerEpoch);
  const learningRate = smoothLearningRate(at, {
    learningRate: plan.learningRate,
    minLearningRate: LEAST_RATE * plan.learningRate,
    steps: plan.steps,
    warmupSteps: Math.ceil(WARM_UP * plan.steps),
  });
  const iteration = at % plan.stepsPerEpoch;
  const alpha = alphaAt(epoch, iteration, { alpha: plan.alpha, iterationsPerEpoch: plan.stepsPerEpoch, ramp: true });
  const { names, ...inputs } = batch;
  const { loss, losses, seen } = await step.run(
    { ...inputs, seed: Uint32Array.of(plan.seed + at) },
    { learningRate, alpha },
  );
  const inspection = inspectionOf(seen, names);
  return { step: at + 1, epoch: epoch + 1, loss, losses, learningRate, alpha, ...(inspection && { inspection }) };
}

async function keepBest({ step, isStored }: Prepared, progress: Progress, metrics: RetrievalMetrics): Promise<void> {
  if (progress.best && metrics.mean <= progress.best.metrics.mean) {
    progress.worse++;
    return;
  }
  progress.best = { metrics, learnt: await learntNow(step, isStored) };
  progress.worse = 0;
}

/** The weights as they are now, those that the model's files have. */
async function learntNow({ state }: TrainingStep, isStored: (name: string) => boolean): Promise<Learnt> {
  const learnt = new Map();
  for (const [name, shape] of state.trainable) {
    if (isStored(name)) learnt.set(name, { shape, data: (await state.weights.read(name)).slice() as Float32Array });
  }
  return learnt;
}

interface SaveParts {
  readonly step: TrainingStep;
  readonly plan: FinetunePlan;
  readonly base: string;
  readonly progress: Progress;
  readonly before: RetrievalMetrics | undefined;
}

async function save({ step, plan, base, progress, before }: SaveParts): Promise<Blob> {
  const { best, worse } = progress;
  const kept = [...(best?.learnt ?? [])].map(([name, { shape, data }]) =>
    writableTensor({ name: BEST + name, dtype: "f32", shape, data }),
  );
  return safetensorsBlob([...(await savedTensors(step.state)), ...kept], {
    ...{ kind: SAVED, base, plan: JSON.stringify(plan), worse: String(worse) },
    ...(best && { best: JSON.stringify(best.metrics) }),
    ...(before && { before: JSON.stringify(before) }),
  });
}

type Saved = Awaited<ReturnType<typeof openSafetensors>>;

async function restore(
  saved: Saved,
  { plan, base, progress }: Pick<SaveParts, "plan" | "base" | "progress">,
): Promise<void> {
  const { kind, base: wanted, plan: written, best, worse } = saved.metadata;
  if (kind !== SAVED) throw new FinetuneError("resume: this file is no saved fine-tuning");
  if (wanted !== base) throw new FinetuneError("resume: the saved training began from another model");
  if (written !== JSON.stringify(plan)) {
    throw new FinetuneError(`resume: pairs or options are others; saved with ${written}, now ${JSON.stringify(plan)}`);
  }
  progress.worse = Number(worse);
  const metrics = metricsIn(best);
  if (!metrics) return;
  const learnt = new Map();
  for (const [name, { shape }] of saved.tensors) {
    if (name.startsWith(BEST)) learnt.set(name.slice(BEST.length), { shape, data: (await saved.read(name)).data });
  }
  progress.best = { metrics, learnt };
}

function metricsIn(json: string | undefined): RetrievalMetrics | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as RetrievalMetrics);
}
