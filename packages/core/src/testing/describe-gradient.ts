import { describe, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createWebGpuExecutor } from "../executors/webgpu/executor.ts";
import type { TensorData } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { AdapterFacts, TfModule, TfTensor } from "../op.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import { floatsOf, gradcheck, lossGraph } from "./gradcheck.ts";
import { type Fill, gaussian, testRandom } from "./random.ts";

type Named<T> = Readonly<Record<string, T>>;

export interface GradientCase {
  readonly specs: Named<TensorSpec>;
  /** Values by operand; the others are drawn from `fill`, by default a standard gaussian. */
  readonly values?: Named<readonly number[]>;
  readonly fill?: Named<Fill>;
  /** The operands that get a gradient; default: all of a float type. */
  readonly wrt?: readonly string[];
  model(inputs: Named<Tensor>): Tensor;
  /** The same function written in tfjs, differentiated by `tf.grads`: an independent witness. */
  reference(tf: TfModule, inputs: Named<TfTensor>): TfTensor;
}

const GPU: Partial<AdapterFacts> = { isCpu: false };
/** Largest difference against the largest element, and of the whole tensor in its norm. */
const MOST = { element: 1e-3, norm: 1e-4 };

/** Gradients on WebGPU, by the kernels for CPU adapters and those for GPUs, against `tf.grads` and central differences. */
export function describeGradient(title: string, cases: Named<GradientCase>): void {
  describe(`gradient of ${title}`, () => {
    for (const [name, gradientCase] of Object.entries(cases)) test(name, () => checkGradient(gradientCase));
  });
}

async function checkGradient(gradientCase: GradientCase): Promise<void> {
  const { specs, model, wrt = floatsOf(specs) } = gradientCase;
  const inputs = Object.fromEntries(Object.entries(specs).map(([name], i) => [name, valuesOf(gradientCase, name, i)]));
  const outputs = (operands: Named<Tensor>) => [model(operands)];
  const graph = lossGraph(specs, outputs, wrt);
  const exact = evaluateF64(graph, { inputs });
  const numbers = (array: Named<TensorData>) =>
    Object.fromEntries(Object.entries(array).map(([name, data]) => [name, Float64Array.from(data)]));
  gradcheck(specs, numbers(inputs), outputs, { wrt });
  const wanted = await referenceGradients(gradientCase, inputs, wrt);
  for (const [name, expected] of Object.entries(wanted)) agree(`f64 ${name}`, exact[name]!.data, expected);
  for (const facts of [{}, GPU]) {
    using executor = await createWebGpuExecutor({ facts });
    using program = await executor.compile(graph);
    const actual = await program.run(inputs);
    for (const [name, expected] of Object.entries(wanted)) agree(`WebGPU ${name}`, actual[name]!, expected);
  }
}

function valuesOf({ specs, values, fill }: GradientCase, name: string, seed: number): TensorData {
  const { dtype, shape } = specs[name]!;
  const random = testRandom(500 + seed);
  const draw = fill?.[name] ?? gaussian();
  const numbers = values?.[name] ?? Array.from({ length: elementCount(shape) }, () => draw(random));
  if (dtype === "f32") return Float32Array.from(numbers);
  return dtype === "i32" ? Int32Array.from(numbers) : Uint32Array.from(numbers);
}

/** By `grad:<input>`, of the loss that `lossGraph` makes. */
async function referenceGradients(
  { specs, reference }: GradientCase,
  inputs: Named<TensorData>,
  names: readonly string[],
): Promise<Record<string, Float32Array>> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  const given = Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => {
      const data = dtype === "f32" ? (inputs[name] as Float32Array) : Int32Array.from(inputs[name]!);
      return [name, tf.tensor(data, [...shape], dtype === "f32" ? "float32" : "int32")];
    }),
  );
  const loss = (...floats: TfTensor[]) => {
    const y = reference(tf, { ...given, ...Object.fromEntries(names.map((name, i) => [name, floats[i]!])) });
    const wave = Float32Array.from({ length: y.size }, (_, i) => Math.tanh(0.37 * i - 1) + 0.3);
    return tf.sum(tf.mul(tf.reshape(y, [-1]), tf.tensor1d(wave)));
  };
  const grads = tf.grads(loss as Parameters<typeof tf.grads>[0])(names.map((name) => given[name]!));
  return Object.fromEntries(names.map((name, i) => [`grad:${name}`, grads[i]!.dataSync() as Float32Array]));
}

function agree(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  let [largest, apart, squares, error] = [1e-6, 0, 1e-12, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference < Infinity)) throw new Error(`${what}: element ${i}: ${actual[i]}, expected ${expected[i]}`);
    largest = Math.max(largest, Math.abs(expected[i]!));
    apart = Math.max(apart, difference);
    squares += expected[i]! ** 2;
    error += difference ** 2;
  }
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} elements, not ${expected.length}`);
  const [element, norm] = [apart / largest, Math.sqrt(error / squares)];
  if (element > MOST.element || norm > MOST.norm)
    throw new Error(`${what}: apart by ${element} of the largest element, ${norm} in the norm`);
}
