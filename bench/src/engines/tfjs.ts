import * as tf from "@tensorflow/tfjs-core";
import { denseKernels, interpret, pruned, transposed } from "../peers/rules.ts";
import { tfjsRules, tfjsTrainingRules } from "../peers/tfjs-rules.ts";
import type { Workload } from "../workloads/workload.ts";
import { ADAMW, type Engine, type Prepared, peerEngine } from "./engine.ts";

/** tfjs on one of its backends, which must be registered; `trains`: its gradients are too (only bundlers can do that). */
export function tfjsEngine(backend: "webgpu" | "wasm", { trains }: { readonly trains: boolean }): Engine {
  const activate = async () => {
    if (!(await tf.setBackend(backend))) throw new Error(`tfjs: its ${backend} backend does not start here`);
  };
  return peerEngine(backend, { name: "tfjs", version: tf.version_core, trains, activate, forward, training });
}

interface Weights {
  readonly kernels: ReadonlySet<string>;
  shapeOf(name: string): readonly number[];
  make(name: string): tf.Tensor;
  /** In the layout of the workload. */
  read(name: string, tensor: tf.Tensor): Promise<Float32Array>;
}

function weightsOf({ graph, parameters }: Workload): Weights {
  const kernels = denseKernels(graph);
  const shapeOf = (name: string) => graph.values[graph.parameters[name]!]!.shape;
  return {
    kernels,
    shapeOf,
    make(name) {
      const shape = [...shapeOf(name)];
      if (!kernels.has(name)) return tf.tensor(parameters[name]!, shape, "float32");
      return tf.tensor(transposed(parameters[name]!, shape), shape.reverse(), "float32");
    },
    async read(name, tensor) {
      const data = (await tensor.data()) as Float32Array;
      return kernels.has(name) ? transposed(data, [...shapeOf(name)].reverse()) : data;
    },
  };
}

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** The graph's outputs as tfjs computes them, op by op. */
function compute({ graph, inputs, trains }: Workload, kernels: ReadonlySet<string>, parameters: Tensors): Tensors {
  return interpret<tf.Tensor>(graph, {
    rules: trains ? tfjsTrainingRules : tfjsRules,
    kernels,
    source(kind, name) {
      if (kind === "parameters") return parameters[name]!;
      const { dtype, shape } = graph.values[graph.inputs[name]!]!;
      return tf.tensor(inputs[name] as Float32Array, [...shape], dtype === "f32" ? "float32" : "int32");
    },
    constant(id) {
      const { dtype, shape } = graph.values[id]!;
      return tf.tensor(graph.constants.get(id) as Float32Array, [...shape], dtype === "f32" ? "float32" : "int32");
    },
  });
}

function forward(workload: Workload): Prepared {
  const weights = weightsOf(workload);
  const parameters = Object.fromEntries(
    Object.keys(workload.graph.parameters).map((name) => [name, weights.make(name)]),
  );
  const check = async () => {
    const tensors = tf.tidy(() => compute(workload, weights.kernels, parameters) as tf.NamedTensorMap);
    const outputs: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      outputs[name] = (await tensor.data()) as Float32Array;
      tensor.dispose();
    }
    return { outputs };
  };
  return {
    check,
    async run() {
      await check();
    },
    dispose: () => tf.dispose(parameters),
  };
}

function training(whole: Workload, trains: readonly string[]): Prepared {
  const workload = { ...whole, graph: pruned(whole.graph, ["loss"]) };
  const weights = weightsOf(workload);
  const names = Object.keys(workload.graph.parameters);
  const learned = names.filter((name) => trains.includes(name));
  const variables = new Map(learned.map((name) => [name, tf.variable(weights.make(name), true)]));
  const frozen = Object.fromEntries(
    names.filter((name) => !variables.has(name)).map((name) => [name, weights.make(name)] as const),
  );
  const parameters = { ...frozen, ...Object.fromEntries(variables) };
  const moments = new Map(
    learned.map((name) => {
      const zeros = () => tf.variable(tf.zerosLike(variables.get(name)!), false);
      return [name, { first: zeros(), second: zeros() }];
    }),
  );
  let steps = 0;
  const backward = () => {
    const loss = () => compute(workload, weights.kernels, parameters).loss as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss, [...variables.values()]);
    return { value, grads: new Map(learned.map((name) => [name, grads[variables.get(name)!.name]!])) };
  };
  const update = (grads: ReadonlyMap<string, tf.Tensor>) =>
    tf.tidy(() => {
      steps++;
      for (const [name, variable] of variables)
        adamW(variable, grads.get(name)!, { ...moments.get(name)!, name, steps, rank: weights.shapeOf(name).length });
    });
  const step = async (see: (grads: ReadonlyMap<string, tf.Tensor>) => Promise<void>) => {
    const { value, grads } = backward();
    await see(grads);
    update(grads);
    tf.dispose([...grads.values()]);
    const loss = await value.data();
    value.dispose();
    return loss;
  };
  return {
    async run() {
      await step(async () => undefined);
      await variables.get(learned.at(-1)!)!.data(); // until the update is done, not only the loss
    },
    async check() {
      const outputs: Record<string, ArrayLike<number>> = {};
      outputs.loss = await step(async (grads) => {
        for (const [name, grad] of grads) outputs[`grad.${name}`] = await weights.read(name, grad);
      });
      const updated: Record<string, Float32Array> = {};
      for (const [name, variable] of variables) updated[name] = await weights.read(name, variable);
      return { outputs, updated };
    },
    dispose() {
      tf.dispose(frozen);
      tf.dispose([...variables.values()]);
      for (const { first, second } of moments.values()) tf.dispose([first, second]);
    },
  };
}

interface Moments {
  readonly first: tf.Variable;
  readonly second: tf.Variable;
  readonly name: string;
  readonly rank: number;
  readonly steps: number;
}

function adamW(weight: tf.Variable, grad: tf.Tensor, { first, second, name, rank, steps }: Moments): void {
  const { learningRate, beta1, beta2, eps, weightDecay } = ADAMW;
  first.assign(tf.add(tf.mul(first, beta1), tf.mul(grad, 1 - beta1)));
  second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(grad), 1 - beta2)));
  const denominator = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** steps)), eps);
  const change = tf.mul(tf.div(first, denominator), learningRate / (1 - beta1 ** steps));
  const decays = rank !== 1 && !name.endsWith(".bias");
  weight.assign(tf.sub(decays ? tf.mul(weight, 1 - learningRate * weightDecay) : weight, change));
}
