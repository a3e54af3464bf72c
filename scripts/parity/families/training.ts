import type { ParameterStore, TensorData } from "@albef/core";
import {
  createTrainingStep,
  type MaskingDraws,
  type TrainingBatch,
  type TrainingGraphOptions,
  type TrainingWeights,
  trainingGraph,
} from "@albef/distillation";
import { type Check, checkNumbers } from "../check.ts";
import { asFloat } from "../read-tensors.ts";
import type { Expected, RecordedCase } from "../recorded-case.ts";
import { type Outputs, type Runner, runOnce, type WeightLookup, weightsFrom } from "../runner.ts";

/** The recorded weights by name, f32. */
export async function weightValues(recorded: RecordedCase): Promise<TrainingWeights> {
  const table = await recorded.weights();
  return (name) => {
    const tensor = table.get(name);
    return tensor && asFloat(tensor);
  };
}

/** The recorded coins and words of one batch. */
export function officialDraws(read: (name: string) => Int32Array): MaskingDraws {
  return {
    hidden: read("bernoulli_masked"),
    replaced: read("bernoulli_replace"),
    randomised: read("bernoulli_random"),
    words: read("random_words"),
  };
}

/** A number of the case's `scalars`. */
export function checkScalar(recorded: RecordedCase, name: string, actual: number): Check {
  const scalars =
    recorded.field<Readonly<Record<string, { readonly value: number; readonly atol: number }>>>("scalars");
  const { value, atol } = scalars[name]!;
  return checkNumbers(name, [actual], [value], { atol });
}

/** Where gradients are read by `grad.<name>`: a training state, or what `trainOnce` gives. */
interface WithGradients {
  readonly gradients: Pick<ParameterStore, "read">;
}

export interface Trained extends WithGradients {
  readonly loss: number;
  readonly seen: Outputs;
}

export interface TrainOnceOptions extends Pick<TrainingGraphOptions, "config" | "textPrefix" | "task" | "watch"> {
  readonly batch: TrainingBatch;
}

/**
 * One step at learning rate 0 with all weights learning: a whole training step where the runner keeps state, else its graph
 * in float64 with a teacher that was moved on beforehand. `check` looks at the results before they are freed.
 */
export async function trainOnce<T>(
  recorded: RecordedCase,
  runner: Runner,
  { batch, ...options }: TrainOnceOptions,
  check: (trained: Trained) => Promise<T>,
): Promise<T> {
  const { alpha } = options.config;
  if (runner.executor) {
    const weights = await weightValues(recorded);
    using step = await createTrainingStep(runner.executor, {
      ...options,
      weights,
      trains: () => true,
      draw: Math.random,
    });
    const { loss, seen } = await step.run(batch, { learningRate: 0, alpha });
    return await check({ loss, seen: seen as Outputs, gradients: step.state.gradients });
  }
  const { graph } = trainingGraph({ ...options, trains: () => true });
  const weights = movedTeacher(weightsFrom(await recorded.weights()), options.config.momentum);
  const outputs = await runOnce(runner, graph, { ...batch, alpha: Float32Array.of(alpha) }, weights);
  const read = async (name: string) => Float32Array.from(outputs[name]!);
  return await check({ loss: Number(outputs.loss![0]), seen: outputs, gradients: { read } });
}

/** The momentum copies as they are after the update that a step begins with. */
function movedTeacher(weights: WeightLookup, momentum: number): WeightLookup {
  return (name, spec) => {
    const data = weights(name, spec);
    if (!/^[a-z_]+_m\./.test(name)) return data;
    const online = weights(name.replace("_m.", "."), spec);
    return Float32Array.from(data, (value, i) => momentum * value + (1 - momentum) * online[i]!);
  };
}

/** Gradients that are recorded in full, their norms, their fingerprints: whatever the case has under `prefix`. */
export async function gradientChecks(recorded: RecordedCase, state: WithGradients, prefix: string): Promise<Check[]> {
  const checks: Check[] = [];
  const read = async (name: string) => (await state.gradients.read(`grad.${name}`)) as Float32Array;
  for (const [key, expected] of recorded.expected) {
    if (!key.startsWith(`out.${prefix}grad.`)) continue;
    const actual = await read(key.slice(`out.${prefix}grad.`.length));
    checks.push(checkNumbers(key.slice(4), actual, recorded.tensor(key).data, expected));
  }
  const norms = recorded.expected.get(`out.${prefix}grad_norms`);
  if (norms) {
    const actual: number[] = [];
    for (const name of recorded.field<string[]>("grad_norm_names")) actual.push(Math.hypot(...(await read(name))));
    checks.push(checkNumbers(`${prefix}grad_norms`, actual, recorded.tensor(`out.${prefix}grad_norms`).data, norms));
  }
  if (recorded.expected.has(`out.${prefix}grad_fingerprint`)) checks.push(await fingerprints(recorded, prefix, read));
  return checks;
}

/** Norm, sum, and sum of g[i] * ((i mod 7) - 3) of each gradient, by the tolerance that the case's notes suggest. */
async function fingerprints(
  recorded: RecordedCase,
  prefix: string,
  read: (name: string) => Promise<Float32Array>,
): Promise<Check> {
  const name = `${prefix}grad_fingerprint`;
  const expected = recorded.tensor(`out.${name}`).data;
  let worst: Check | undefined;
  for (const [row, key] of recorded.field<string[]>("grad_fingerprint_names").entries()) {
    const gradient = await read(key);
    const [norm, sum, weighted] = expected.slice(3 * row, 3 * row + 3);
    const actual = [
      Math.hypot(...gradient),
      gradient.reduce((total, value) => total + value, 0),
      gradient.reduce((total, value, i) => total + value * ((i % 7) - 3), 0),
    ];
    const checks = [
      checkNumbers(name, actual.slice(0, 1), [norm!], { atol: 1e-4 * norm! + 1e-5 }),
      checkNumbers(name, actual.slice(1), [sum!, weighted!], { atol: 1e-3 * norm! + 1e-5 }),
    ];
    for (const check of checks) if (!worst || !check.ok || (worst.ok && check.absolute > worst.absolute)) worst = check;
  }
  return worst!;
}

export interface Updated {
  readonly expected: Expected;
  readonly data: TensorData | Uint8Array;
  readonly learningRate: number;
  /** Steps taken. */
  readonly count: number;
}

const FEW = 0.01;

/**
 * Weights after AdamW. Where a gradient is mathematically zero (`noise_dominated`), and for at most 1 % of the entries
 * elsewhere, rounding decides the sign of a step: those may be off by two steps' length each step, as the case's notes say.
 */
export function checkUpdated(name: string, actual: Float32Array, updated: Updated): Check {
  const { expected, data, learningRate, count } = updated;
  const { noise_dominated: isNoise = false } = expected as { readonly noise_dominated?: boolean };
  const loose = checkNumbers(name, actual, data, { atol: 2 * learningRate * count });
  if (isNoise) return loose;
  const strict = checkNumbers(name, actual, data, expected);
  const { atol = 0, rtol = 0 } = expected;
  const off = actual.filter((value, i) => Math.abs(value - data[i]!) > atol + rtol * Math.abs(data[i]!)).length;
  return off <= FEW * actual.length && loose.ok ? { ...strict, ok: true } : strict;
}
