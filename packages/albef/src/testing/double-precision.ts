import { type Executor, evaluateF64, type Graph, type TensorData } from "@albef/core";
import { createEngine } from "../model/engine.ts";
import type { LoadedModel } from "../model/load.ts";

/** The same model computed in double precision on the CPU: the oracle of what its calls give. */
export async function inDoublePrecision(model: LoadedModel): Promise<LoadedModel> {
  const { store } = model.origin;
  const parameters: Record<string, TensorData> = {};
  for (const name of store.specs.keys()) parameters[name] = await store.read(name);
  const compile = async (graph: Graph) => ({
    run: async (inputs: Readonly<Record<string, TensorData>>) => {
      const outputs = Object.entries(evaluateF64(graph, { inputs, parameters }));
      return Object.fromEntries(outputs.map(([name, { data }]) => [name, Float32Array.from(data)]));
    },
    [Symbol.dispose]: () => undefined,
  });
  const executor = { kind: "f64", description: "double precision", supportsF16: false, compile } as unknown as Executor;
  return { ...model, engine: createEngine(executor, store, model.engine.plan) };
}
