import { GraphError } from "../../errors.ts";
import type { Executor, NamedTensor, ParameterStore } from "../../executor.ts";
import type { TfModule, TfTensor } from "../../op.ts";
import { opsOf } from "../../ops/ops-of.ts";
import type { TensorSpec } from "../../spec.ts";
import { expectData } from "../check-inputs.ts";
import { compileTfjs } from "./program.ts";
import { readTensor, type TfjsTensor, toTensor } from "./tensor.ts";

/** Runs graphs on the backend that tfjs has set: wasm, cpu, webgl, webgpu or node. */
export async function createTfjsExecutor(tf: TfModule): Promise<Executor> {
  await tf.ready();
  const held = new Set<TfTensor>();
  const hold = (tensor: TfTensor) => {
    held.add(tensor);
    return tensor;
  };
  const release = (tensor: TfTensor) => {
    if (held.delete(tensor)) tensor.dispose();
  };
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
    upload: (tensors) => uploadParameters(tf, tensors, hold, release),
    compile: async (graph, parameters) =>
      compileTfjs({ tf, ops: await opsOf(graph), graph, parameters: tensorsOf(parameters), wrap }),
    tensor(spec, data) {
      expectData("tensor", spec, data);
      return wrap(spec, hold(toTensor(tf, spec, data)));
    },
    memory: () => ({
      buffers: held.size,
      bytes: [...held].reduce((total, tensor) => total + tensor.size * 4, 0),
    }),
    dispose: () => [...held].forEach(release),
    [Symbol.dispose]: () => executor.dispose(),
  };
  return executor;
}

const stores = new WeakMap<ParameterStore, ReadonlyMap<string, TfTensor>>();

function tensorsOf(store: ParameterStore | undefined): ReadonlyMap<string, TfTensor> {
  if (!store) return new Map();
  const tensors = stores.get(store);
  if (!tensors) throw new GraphError("compile: the parameters were uploaded to another executor");
  return tensors;
}

async function uploadParameters(
  tf: TfModule,
  source: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  hold: (tensor: TfTensor) => TfTensor,
  release: (tensor: TfTensor) => void,
): Promise<ParameterStore> {
  const specs = new Map<string, TensorSpec>();
  const tensors = new Map<string, TfTensor>();
  for await (const { name, dtype, shape, data } of source) {
    const spec = { dtype, shape };
    expectData(`parameter ${name}`, spec, data);
    specs.set(name, spec);
    tensors.set(name, hold(toTensor(tf, spec, data)));
  }
  const dispose = () => {
    for (const tensor of tensors.values()) release(tensor);
    tensors.clear();
  };
  const known = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new GraphError(`parameters: no parameter is called ${name}`);
    return tensor;
  };
  const store: ParameterStore = {
    specs,
    sizeBytes: [...tensors.values()].reduce((total, tensor) => total + tensor.size * 4, 0),
    read: (name) => readTensor(specs.get(name)!, known(name)),
    write(name, data) {
      expectData(`parameter ${name}`, specs.get(name)!, data);
      release(known(name));
      tensors.set(name, hold(toTensor(tf, specs.get(name)!, data)));
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
  stores.set(store, tensors);
  return store;
}
