import { gradients } from "../autodiff/backward.ts";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import type { Graph } from "../graph/graph.ts";
import { primitives as p } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { trace } from "../graph/trace.ts";
import { isFloat, type TensorSpec } from "../spec.ts";
import { expectClose } from "./allclose.ts";
import { testRandom } from "./random.ts";

type Specs = Readonly<Record<string, TensorSpec>>;
type Values = Readonly<Record<string, Float64Array>>;
type Model = (inputs: Readonly<Record<string, Tensor>>) => readonly Tensor[];

/** A graph of sum(outputs * fixed weights), or of its gradients to the inputs `wrt`, by `grad:<input>`. */
export function lossGraph(specs: Specs, model: Model, wrt: readonly string[] | null): Graph {
  return trace((tracer) => {
    const inputs = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, tracer.input(name, spec)]));
    const loss = model(inputs)
      .filter((output) => isFloat(output.dtype))
      .map((output, seed) => weighted(output, seed))
      .reduce((a, b) => p.add(a, b));
    if (!wrt) return { loss };
    const grads = gradients(
      loss,
      wrt.map((name) => inputs[name]!),
    );
    return Object.fromEntries(wrt.map((name, i) => [`grad:${name}`, grads[i]!]));
  });
}

/** Different weights on every element, so that no error cancels. */
function weighted(output: Tensor, seed: number): Tensor {
  const flat = p.reshape(output, [output.shape.reduce((a, b) => a * b, 1)]);
  const position = p.iota(flat, flat.shape, 0, flat.dtype);
  const wave = p.add(p.tanh(p.sub(p.mul(position, 0.37 / (1 + seed)), 1)), 0.3);
  return p.reshape(p.sum(p.mul(flat, wave)), []);
}

/** The inputs that can have a gradient. */
export function floatsOf(specs: Specs): string[] {
  return Object.keys(specs).filter((name) => isFloat(specs[name]!.dtype));
}

/** Throws unless the gradients agree with central differences of the definition, all in double precision. */
export function gradcheck(
  specs: Specs,
  values: Values,
  model: Model,
  { probes = 6, wrt = floatsOf(specs) }: { readonly probes?: number; readonly wrt?: readonly string[] } = {},
): void {
  const analytic = evaluateF64(lossGraph(specs, model, wrt), { inputs: values });
  const forward = lossGraph(specs, model, null);
  const lossAt = (inputs: Values) => evaluateF64(forward, { inputs }).loss!.data[0]!;
  const random = testRandom(7);
  for (const name of wrt) {
    const base = values[name]!;
    const elements = Array.from({ length: Math.min(probes, base.length) }, () => Math.floor(random() * base.length));
    const numeric = elements.map((element) => {
      const step = 1e-5 * Math.max(1, Math.abs(base[element]!));
      const moved = (by: number) => ({ ...values, [name]: base.with(element, base[element]! + by) });
      return (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step);
    });
    const exact = elements.map((element) => analytic[`grad:${name}`]!.data[element]!);
    const scale = Math.max(...exact.map(Math.abs), 1e-3);
    expectClose(`gradient of ${name}`, exact, numeric, { rtol: 1e-5, atol: 1e-6 * scale + 1e-8 });
  }
}
