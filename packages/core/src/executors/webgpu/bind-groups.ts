import type { Binding, Dispatch } from "./dispatches.ts";
import type { WebGpuTensor } from "./tensor.ts";

type External = Readonly<Record<string, WebGpuTensor>>;

/** The bind groups of a program: built once for its own buffers, and once for each external buffer given as an input. */
export interface BindGroups {
  of(dispatch: number, external: External): GPUBindGroup;
  clear(): void;
}

const REMEMBERED = 8; // sets of external buffers per dispatch

export function bindGroups(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
  inputBuffers: Readonly<Record<string, GPUBuffer>>,
): BindGroups {
  const build = (dispatch: Dispatch, external: External): GPUBindGroup =>
    device.createBindGroup({
      label: dispatch.node.op,
      layout: dispatch.pipeline.getBindGroupLayout(0),
      entries: dispatch.bindings.map((binding, i) => ({
        binding: i,
        resource: resource(binding, external, inputBuffers),
      })),
    });
  const own = dispatches.map((dispatch) => build(dispatch, {}));
  const rebound = dispatches.map(() => new Map<string, GPUBindGroup>());
  const ids = new WeakMap<GPUBuffer, number>();
  let nextId = 0;
  const idOf = (buffer: GPUBuffer): number => {
    const id = ids.get(buffer) ?? nextId++;
    ids.set(buffer, id);
    return id;
  };
  return {
    of(index, external) {
      const dispatch = dispatches[index]!;
      const { inputNames } = dispatch;
      if (inputNames.length === 0 || !inputNames.some((name) => external[name])) return own[index]!;
      const key = dispatch.inputNames.map((name) => placeKey(external[name], idOf)).join();
      const known = rebound[index]!;
      const group = known.get(key) ?? build(dispatch, external);
      if (known.size >= REMEMBERED && !known.has(key)) known.delete(known.keys().next().value!);
      known.set(key, group);
      return group;
    },
    clear() {
      own.length = 0;
      rebound.length = 0;
    },
  };
}

function placeKey(tensor: WebGpuTensor | undefined, idOf: (buffer: GPUBuffer) => number): string {
  return tensor ? `${idOf(tensor.buffer)}@${tensor.offset}` : "";
}

function resource(
  { location, sizeBytes }: Binding,
  external: External,
  inputBuffers: Readonly<Record<string, GPUBuffer>>,
): GPUBufferBinding {
  if (location.kind === "buffer") return { buffer: location.buffer, offset: location.offset, size: sizeBytes };
  const given = external[location.name];
  return given
    ? { buffer: given.buffer, offset: given.offset, size: Math.min(sizeBytes, given.buffer.size - given.offset) }
    : { buffer: inputBuffers[location.name]!, size: sizeBytes };
}
