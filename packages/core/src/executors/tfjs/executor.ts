import type { Executor } from "../../executor.ts";
import type { TfModule, TfTensor } from "../../op.ts";
import type { TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { storesOf } from "../stores.ts";
import { heldTensors } from "./held.ts";
import { type TfjsParameterStore, uploadParameters } from "./parameters.ts";
import { compileTfjs } from "./program.ts";
import { readTensor, type TfjsTensor, toTensor } from "./tensor.ts";

/** Runs graphs on the backend that tfjs has set: wasm, cpu, webgl, webgpu or node. */
export async function createTfjsExecutor(tf: TfModule): Promise<Executor> {
  await tf.ready();
  const held = heldTensors((tensor) => tf.keep(tensor));
  const { hold, release, kept } = held;
  const wrap = (spec: TensorSpec, tensor: TfTensor): TfjsTensor => ({
    dtype: spec.dtype,
    shape: spec.shape,
    tensor,
    read: () => readTensor(spec, tensor),
    dispose: () => release(tensor),
    [Symbol.dispose]: () => release(tensor),
  });
  const executor: Executor = {
    kind: "tfjs",
    description: `tfjs ${tf.getBackend()}`,
    supportsF16: false,
    reserve: (parameters) => uploadParameters(tf, { hold, release }, parameters),
    upload: (tensors, options) => uploadParameters(tf, { hold, release }, tensors, options),
    async compile(graph, parameters = [], { into = {} } = {}) {
      const stores = storesOf(parameters) as readonly TfjsParameterStore[];
      const { opTable: ops } = await import("../../ops/index.ts"); // all: fused ops without a rule become primitives
      const take = (spec: TensorSpec, tensor: TfTensor) => wrap(spec, hold(tensor));
      return compileTfjs({ tf, ops, graph, stores, into, wrap, take, kept });
    },
    tensor(spec, data) {
      expectData("tensor", spec, data);
      return wrap(spec, hold(toTensor(tf, spec, data)));
    },
    memory: held.count,
    dispose: held.releaseAll,
    [Symbol.dispose]: () => executor.dispose(),
  };
  return executor;
}
