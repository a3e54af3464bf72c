import {
  type Array as Arr,
  blockUntilReady,
  DType,
  defaultDevice,
  init,
  jit,
  numpy as np,
  valueAndGrad,
} from "@jax-js/jax";
import { jaxRules } from "../peers/jax-rules.ts";
import { denseKernels, interpret, pruned, transposed } from "../peers/rules.ts";
import type { Workload } from "../workloads/workload.ts";
import { ADAMW, type Engine, type Prepared, peerEngine } from "./engine.ts";

const VERSION = "0.1.25";

/** jax-js, each workload compiled as a whole by its jit; undefined where the device does not start here. */
export async function jaxEngine(device: "webgpu" | "wasm"): Promise<Engine | undefined> {
  const started = await init(device).catch((): string[] => []);
  if (!started.includes(device)) return undefined;
  const activate = async () => {
    defaultDevice(device);
  };
  return peerEngine(device, { name: "jax-js", version: VERSION, trains: true, activate, forward, training });
}

function arrayOf(dtype: string, shape: readonly number[], data: ArrayLike<number>): Arr {
  if (dtype === "f32") return np.array(Float32Array.from(data), { shape: [...shape], dtype: DType.Float32 });
  return np.array(Int32Array.from(data), { shape: [...shape], dtype: DType.Int32 });
}

interface Traced {
  readonly names: readonly string[];
  readonly inputNames: readonly string[];
  readonly kernels: ReadonlySet<string>;
  weight(name: string): Arr;
  inputs(): Arr[];
  /** Takes its operands over, as all of jax-js does. */
  compute(parameters: ReadonlyMap<string, Arr>, inputs: readonly Arr[]): Record<string, Arr>;
  inLayout(name: string, data: Float32Array): Float32Array;
}

function traced({ graph, parameters, inputs }: Workload): Traced {
  const kernels = denseKernels(graph);
  const inputNames = Object.keys(graph.inputs);
  const specOf = (name: string) => graph.values[graph.parameters[name]!]!;
  return {
    kernels,
    inputNames,
    names: Object.keys(graph.parameters),
    weight(name) {
      const { shape } = specOf(name);
      if (!kernels.has(name)) return arrayOf("f32", shape, parameters[name]!);
      return arrayOf("f32", [...shape].reverse(), transposed(parameters[name]!, shape));
    },
    inputs: () =>
      inputNames.map((name) => {
        const { dtype, shape } = graph.values[graph.inputs[name]!]!;
        return arrayOf(dtype, shape, inputs[name]!);
      }),
    compute: (weights, given) =>
      interpret<Arr>(graph, {
        rules: jaxRules,
        kernels,
        source: (kind, name) => (kind === "inputs" ? given[inputNames.indexOf(name)]! : weights.get(name)!),
        constant(id) {
          const { dtype, shape } = graph.values[id]!;
          return arrayOf(dtype, shape, graph.constants.get(id)!);
        },
        use: (value) => value.ref,
        drop: (value) => value.dispose(),
      }),
    inLayout: (name, data) => (kernels.has(name) ? transposed(data, [...specOf(name).shape].reverse()) : data),
  };
}

const shared = (arrays: readonly Arr[]) => arrays.map((array) => array.ref);

async function floats(array: Arr): Promise<Float32Array> {
  return (await array.data()) as Float32Array;
}

function forward(workload: Workload): Prepared {
  const model = traced(workload);
  const weights = model.names.map(model.weight);
  const compiled = jit((parameters: Arr[], inputs: Arr[]) =>
    model.compute(new Map(model.names.map((name, i) => [name, parameters[i]!])), inputs),
  );
  const check = async () => {
    const arrays = compiled(shared(weights), model.inputs());
    const outputs: Record<string, Float32Array> = {};
    for (const [name, array] of Object.entries(arrays)) outputs[name] = await floats(array as Arr);
    return { outputs };
  };
  return {
    check,
    async run() {
      await check();
    },
    dispose() {
      compiled.dispose();
      for (const weight of weights) weight.dispose();
    },
  };
}

function training(whole: Workload, trains: readonly string[]): Prepared {
  const workload = { ...whole, graph: pruned(whole.graph, ["loss"]) };
  const model = traced(workload);
  const learned = model.names.filter((name) => trains.includes(name));
  const fixed = model.names.filter((name) => !trains.includes(name));
  const frozen = fixed.map(model.weight);
  let weights = learned.map(model.weight);
  let first = weights.map((weight) => np.zeros(weight.shape));
  let second = weights.map((weight) => np.zeros(weight.shape));
  let steps = 0;
  const loss = (parameters: Arr[], rest: Arr[], inputs: Arr[]) => {
    const named = [
      ...learned.map((name, i) => [name, parameters[i]!] as const),
      ...fixed.map((name, i) => [name, rest[i]!] as const),
    ];
    return model.compute(new Map(named), inputs).loss!;
  };
  const decays = learned.map(
    (name) => workload.graph.values[workload.graph.parameters[name]!]!.shape.length !== 1 && !name.endsWith(".bias"),
  );
  const backward = jit((parameters: Arr[], rest: Arr[], inputs: Arr[]) => valueAndGrad(loss)(parameters, rest, inputs));
  const step = jit((parameters: Arr[], moments: [Arr[], Arr[]], rest: Arr[], inputs: Arr[], corrections: Arr) => {
    const [value, grads] = valueAndGrad(loss)(shared(parameters), rest, inputs);
    const updates = parameters.map((weight, i) =>
      adamW({ weight, grad: grads[i]!, first: moments[0][i]!, second: moments[1][i]! }, corrections.ref, decays[i]!),
    );
    corrections.dispose();
    return [value, updates.map((u) => u.weight), updates.map((u) => u.first), updates.map((u) => u.second)] as const;
  });
  const run = async () => {
    steps++;
    const corrections = np.array([1 / (1 - ADAMW.beta1 ** steps), 1 / Math.sqrt(1 - ADAMW.beta2 ** steps)]);
    const [value, ...updated] = step(weights, [first, second], shared(frozen), model.inputs(), corrections);
    [weights, first, second] = updated as [Arr[], Arr[], Arr[]];
    const result = await floats(value as Arr);
    await blockUntilReady(weights);
    return result;
  };
  return {
    async run() {
      await run();
    },
    async check() {
      const [value, grads] = backward(shared(weights), shared(frozen), model.inputs()) as [Arr, Arr[]];
      const outputs: Record<string, Float32Array> = { loss: await floats(value) };
      for (const [i, name] of learned.entries())
        outputs[`grad.${name}`] = model.inLayout(name, await floats(grads[i]!));
      await run();
      const updated: Record<string, Float32Array> = {};
      for (const [i, name] of learned.entries()) updated[name] = model.inLayout(name, await floats(weights[i]!.ref));
      return { outputs, updated };
    },
    dispose() {
      step.dispose();
      backward.dispose();
      for (const array of [...weights, ...first, ...second, ...frozen]) array.dispose();
    },
  };
}

interface Moving {
  readonly weight: Arr;
  readonly grad: Arr;
  readonly first: Arr;
  readonly second: Arr;
}

/** `corrections`: [1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t)]. */
function adamW({ weight, grad, first, second }: Moving, corrections: Arr, decays: boolean): Omit<Moving, "grad"> {
  const { learningRate, beta1, beta2, eps, weightDecay } = ADAMW;
  const m = first.mul(beta1).add(grad.ref.mul(1 - beta1));
  const v = second.mul(beta2).add(np.square(grad).mul(1 - beta2));
  const denominator = np.sqrt(v.ref).mul(corrections.ref.slice(1)).add(eps);
  const change = m.ref.div(denominator).mul(corrections.slice(0)).mul(learningRate);
  const kept = decays ? weight.mul(1 - learningRate * weightDecay) : weight;
  return { weight: kept.sub(change), first: m, second: v };
}
