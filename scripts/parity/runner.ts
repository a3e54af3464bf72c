import {
  type Executor,
  evaluateF64,
  type Graph,
  type NamedTensor,
  type TensorData,
  type TensorSpec,
} from "@albef/core";
import type { TensorTable } from "./read-tensors.ts";

export type RunnerName = "webgpu" | "tfjs" | "f64";

/** Gives the values of a parameter when they are wanted. */
export type WeightLookup = (name: string, spec: TensorSpec) => TensorData;

export type Inputs = Readonly<Record<string, TensorData>>;
export type Outputs = Readonly<Record<string, ArrayLike<number>>>;

/** A graph made ready with its weights. */
export interface Compiled extends Disposable {
  run(inputs: Inputs): Promise<Outputs>;
}

/** Something that runs traced graphs. */
export interface Runner {
  readonly name: RunnerName;
  /** The adapter or backend, for people. */
  readonly description: string;
  /** What runs them, for cases that keep state on a device; none in f64. */
  readonly executor?: Executor;
  compile(graph: Graph, weights?: WeightLookup): Promise<Compiled>;
  dispose(): void;
}

/** The executor of a runner that has one. */
export function executorOf({ name, executor }: Runner): Executor {
  if (!executor) throw new Error(`${name}: keeps no state, training does not run on it`);
  return executor;
}

/** Runs a graph once and frees everything. */
export async function runOnce(runner: Runner, graph: Graph, inputs: Inputs, weights?: WeightLookup): Promise<Outputs> {
  using compiled = await runner.compile(graph, weights);
  return await compiled.run(inputs);
}

/** Weights of a case by name. */
export function weightsFrom(table: TensorTable): WeightLookup {
  return (name) => {
    const tensor = table.get(name);
    if (!tensor) throw new Error(`the case's weights hold no ${name}`);
    if (tensor.data instanceof Uint8Array) throw new Error(`${name}: weights are no bytes`);
    return tensor.data;
  };
}

const noWeights: WeightLookup = (name) => {
  throw new Error(`parameter ${name} is wanted, but this graph was given no weights`);
};

/** Only the parameters that the graph asks for, one at a time. */
function* parametersOf(graph: Graph, weights: WeightLookup): Iterable<NamedTensor> {
  for (const [name, id] of Object.entries(graph.parameters)) {
    const spec = graph.values[id]!;
    yield { name, ...spec, data: weights(name, spec) };
  }
}

export function executorRunner(executor: Executor): Runner {
  return {
    name: executor.kind,
    description: executor.description,
    executor,
    async compile(graph, weights = noWeights) {
      const store = await executor.upload(parametersOf(graph, weights));
      const program = await executor.compile(graph, store);
      return {
        run: (inputs) => program.run(inputs),
        [Symbol.dispose]() {
          program.dispose();
          store.dispose();
        },
      };
    },
    dispose: () => executor.dispose(),
  };
}

/** The definitions of all ops in double precision: says what the tolerances allow at best. */
export function f64Runner(): Runner {
  return {
    name: "f64",
    description: "definitions in float64 on the CPU",
    async compile(graph, weights = noWeights) {
      const parameters = Object.fromEntries([...parametersOf(graph, weights)].map(({ name, data }) => [name, data]));
      return {
        async run(inputs) {
          const results = evaluateF64(graph, { inputs, parameters });
          return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
        },
        [Symbol.dispose]: () => undefined,
      };
    },
    dispose: () => undefined,
  };
}
