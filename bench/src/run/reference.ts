import { evaluateF64 } from "@albef/core";
import { ADAMW, type Checked, type Values } from "../engines/engine.ts";
import type { Workload } from "../workloads/workload.ts";

/** The workload's outputs in double precision. */
export function referenceOf({ graph, inputs, parameters }: Workload): Values {
  const results = evaluateF64(graph, { inputs, parameters });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

/** |actual - expected| / |expected| over all elements; infinite where something is missing or no number. */
export function relativeDistance(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  floor = 0,
): number {
  if (actual?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let squares = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    squares += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  const distance = Math.sqrt(squares) / Math.max(Math.sqrt(norm), floor, Number.MIN_VALUE);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

export interface Agreement {
  /** The largest relative distance. */
  readonly worst: number;
  readonly worstName: string;
}

/**
 * How far an engine is from the reference. Gradients that are zero in exact arithmetic (key biases, which the softmax
 * cancels) are measured against a small share of all gradients. Updates are compared with AdamW in double precision on
 * the engine's own gradients: its first step is nearly the sign of the gradient, which rounding decides near zero.
 */
export function agreementOf({ outputs, updated }: Checked, reference: Values, workload: Workload): Agreement {
  const gradients = Object.keys(reference).filter((name) => name.startsWith("grad."));
  const norm = Math.hypot(
    ...gradients.map((name) => relativeDistance(reference[name], new Float64Array(reference[name]!.length), 1)),
  );
  const distances = Object.entries(reference).map(([name, expected]): [string, number] => [
    name,
    relativeDistance(outputs[name], expected, name.startsWith("grad.") ? norm * NEGLIGIBLE : 0),
  ]);
  for (const [name, weights] of Object.entries(updated ?? {})) {
    const before = workload.parameters[name]!;
    const change = Array.from(weights, (value, i) => value - before[i]!);
    distances.push([
      `update of ${name}`,
      relativeDistance(change, firstStep(workload, name, outputs[`grad.${name}`]!)),
    ]);
  }
  const [worstName, worst] = distances.reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
  return { worst, worstName };
}

/** Gradients below this share of all are compared with that share. */
const NEGLIGIBLE = 1e-3;

/** What AdamW's first step adds to a weight (PyTorch's formula), in double precision. */
function firstStep({ graph, parameters }: Workload, name: string, grad: ArrayLike<number>): Float64Array {
  const { learningRate, eps, weightDecay } = ADAMW;
  const isDecayed = graph.values[graph.parameters[name]!]!.shape.length !== 1 && !name.endsWith(".bias");
  const decay = isDecayed ? learningRate * weightDecay : 0;
  // after one step the corrected moments are the gradient and its square
  return Float64Array.from(
    parameters[name]!,
    (weight, i) => -decay * weight - (learningRate * grad[i]!) / (Math.abs(grad[i]!) + eps),
  );
}
