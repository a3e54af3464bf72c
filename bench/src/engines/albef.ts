import { type Executor, halvesFrom, type ParameterStore, type TensorData } from "@albef/core";
import { createOptimizer, createTrainingState } from "@albef/distillation";
import type { Workload } from "../workloads/workload.ts";
import { ADAMW, type Engine, F32_TOLERANCE, type Prepared } from "./engine.ts";

const F16_TOLERANCE = 2e-2;

export interface AlbefEngineOptions {
  readonly half?: boolean;
  activate?(): Promise<void>;
}

/** albef.js on one of its executors. */
export function albefEngine(executor: Executor, { half = false, activate }: AlbefEngineOptions = {}): Engine {
  const device = executor.kind === "webgpu" ? "webgpu" : "wasm";
  return {
    name: `albef.js ${device}${half ? " f16" : ""}`,
    version: "this commit",
    device,
    description: executor.description,
    trains: !half,
    half,
    tolerance: half ? F16_TOLERANCE : F32_TOLERANCE,
    async prepare(workload) {
      await activate?.();
      const prepared = await (workload.trains ? training(executor, workload) : forward(executor, workload, half));
      return { ...prepared, ...(activate && { activate }) };
    },
    dispose: () => executor.dispose(),
  };
}

async function upload(executor: Executor, { parameters, graph }: Workload, half: boolean): Promise<ParameterStore> {
  return executor.upload(
    Object.entries(graph.parameters).map(([name, id]) => ({
      name,
      shape: graph.values[id]!.shape,
      ...(half
        ? { dtype: "f16" as const, data: halvesFrom(parameters[name]!) }
        : { dtype: "f32" as const, data: parameters[name]! }),
    })),
  );
}

async function forward(executor: Executor, workload: Workload, half: boolean): Promise<Prepared> {
  const store = await upload(executor, workload, half);
  const program = await executor.compile(half ? workload.half! : workload.graph, store);
  return {
    async run() {
      await program.run(workload.inputs);
    },
    check: async () => ({ outputs: await program.run(workload.inputs) }),
    dispose() {
      program.dispose();
      store.dispose();
    },
  };
}

async function training(executor: Executor, { graph, parameters, inputs, trains = [] }: Workload): Promise<Prepared> {
  const shapeOf = (name: string) => graph.values[graph.parameters[name]!]!.shape;
  const state = await createTrainingState(executor, {
    trainable: new Map(trains.map((name) => [name, shapeOf(name)])),
    weights: (name) => parameters[name],
  });
  const frozen = Object.keys(graph.parameters).filter((name) => !trains.includes(name));
  const rest = await executor.upload(
    frozen.map((name) => ({ name, dtype: "f32" as const, shape: shapeOf(name), data: parameters[name]! })),
  );
  const into = Object.fromEntries(trains.map((name) => [`grad.${name}`, `grad.${name}`]));
  const program = await executor.compile(graph, [state.weights, state.gradients, rest], { into });
  const { learningRate, ...adamW } = ADAMW;
  const optimizer = await createOptimizer(executor, state, adamW);
  const step = async () => {
    const { loss } = await program.run(inputs, { read: ["loss"] });
    await optimizer.step({ learningRate });
    return loss!;
  };
  return {
    async run() {
      await step();
    },
    async check() {
      const outputs: Record<string, TensorData> = { loss: await step() };
      const updated: Record<string, TensorData> = {};
      for (const name of trains) {
        outputs[`grad.${name}`] = await state.gradients.read(`grad.${name}`);
        updated[name] = await state.weights.read(name);
      }
      return { outputs, updated };
    },
    dispose() {
      program.dispose();
      optimizer.dispose();
      rest.dispose();
      state.dispose();
    },
  };
}
