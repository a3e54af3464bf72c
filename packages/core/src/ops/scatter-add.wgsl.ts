import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { foldGrid, lastDim } from "../shape.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";

interface Specs {
  readonly updates: TensorSpec;
  readonly indices: TensorSpec;
  readonly y: TensorSpec;
}

/**
 * Rows of updates summed by their index, in their order and without atomics: each row of the result looks for its
 * updates. Updates whose index is `skipped` count for nothing.
 */
export function scatterAddKernel(specs: Specs, skipped: number | null, adapter: AdapterFacts): Kernel {
  return adapter.isCpu ? rowPerInvocation(specs, skipped, adapter) : rowPerWorkgroup(specs, skipped, adapter);
}

function header({ updates, indices, y }: Specs, skipped: number | null): Wgsl {
  const rows = y.shape[0]!;
  return wgsl`
    ${bindings({ updates, indices }, { y })}
    const ROWS = ${rows}u;
    const WIDTH = ${lastDim(y)}u;
    const COUNT = ${elementCount(indices.shape)}u;

    fn belongs(k: u32, row: u32) -> bool {
      let index = i32(indices[k]);
      return u32(clamp(index, 0, ${rows - 1})) == row${skipped === null ? "" : ` && index != ${skipped}`};
    }
    fn sumOf(row: u32, i: u32, first: u32) -> f32 {
      var total = 0.0;
      for (var k = first; k < COUNT; k++) {
        if (belongs(k, row)) { total += f32(updates[k * WIDTH + i]); }
      }
      return total;
    }`;
}

const CPU_THREADS = 16;

function rowPerInvocation(specs: Specs, skipped: number | null, adapter: AdapterFacts): Kernel {
  const source = wgsl`
    ${header(specs, skipped)}

    @compute @workgroup_size(${CPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = (group.y * groups.x + group.x) * ${CPU_THREADS}u + local.x;
      if (row >= ROWS) { return; }
      var first = 0u;
      while (first < COUNT && !belongs(first, row)) { first++; }
      for (var i = 0u; i < WIDTH; i++) { y[row * WIDTH + i] = ${specs.y.dtype}(sumOf(row, i, first)); }
    }`;
  return { source, workgroups: foldGrid(Math.ceil(specs.y.shape[0]! / CPU_THREADS), adapter) };
}

const GPU_THREADS = 64;

function rowPerWorkgroup(specs: Specs, skipped: number | null, adapter: AdapterFacts): Kernel {
  const source = wgsl`
    ${header(specs, skipped)}
    var<workgroup> first: atomic<u32>;

    @compute @workgroup_size(${GPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = group.y * groups.x + group.x;
      if (local.x == 0u) { atomicStore(&first, COUNT); }
      workgroupBarrier();
      for (var k = local.x; k < COUNT; k += ${GPU_THREADS}u) {
        if (belongs(k, row)) { atomicMin(&first, k); break; }
      }
      workgroupBarrier();
      if (row >= ROWS) { return; }
      let begin = atomicLoad(&first);
      for (var i = local.x; i < WIDTH; i += ${GPU_THREADS}u) { y[row * WIDTH + i] = ${specs.y.dtype}(sumOf(row, i, begin)); }
    }`;
  return { source, workgroups: foldGrid(specs.y.shape[0]!, adapter) };
}
