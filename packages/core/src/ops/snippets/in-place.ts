import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";

const THREADS = 64;

export interface InPlaceKernelOptions {
  readonly declarations: Wgsl;
  /** How many times `body` runs, each with its own `i`. */
  readonly count: number;
  readonly adapter: AdapterFacts;
  readonly body: Wgsl;
}

/** A kernel that changes its operands: `body` handles element `i` and no other invocation touches that element. */
export function inPlaceKernel({ declarations, count, adapter, body }: InPlaceKernelOptions): Kernel {
  const perThread = adapter.isCpu ? 16 : 4;
  const source = wgsl`
    ${declarations}
    const COUNT = ${count}u;
    const PER_THREAD = ${perThread}u;

    fn element(i: u32) {
      ${body}
    }

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groupCount: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let start = (group.y * groupCount.x + group.x) * ${THREADS * perThread}u + local.x;
      for (var k = 0u; k < PER_THREAD; k++) {
        let i = start + k * ${THREADS}u;
        if (i < COUNT) { element(i); }
      }
    }`;
  return { source, workgroups: foldGrid(Math.ceil(count / (THREADS * perThread)), adapter) };
}
