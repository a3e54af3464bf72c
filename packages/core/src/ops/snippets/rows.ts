import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { subgroupReductions } from "./subgroup-reduce.ts";
import { workgroupMax } from "./workgroup-max.ts";
import { workgroupSum } from "./workgroup-sum.ts";

/** Statements over the elements of a row; `row` and the element's index `i` in it are in scope of the expressions. */
export interface RowWalk {
  /** Declares `name`: the sum of an f32 expression. */
  sum(name: string, expression: string): Wgsl;
  /** Declares `name`: the largest of an f32 expression above -1e38. */
  max(name: string, expression: string): Wgsl;
  each(statement: string): Wgsl;
}

export interface RowKernelOptions {
  /** Bindings and functions. */
  readonly declarations: Wgsl;
  readonly rows: number;
  readonly width: number;
  readonly adapter: AdapterFacts;
}

const CPU_THREADS = 16;
const GPU_THREADS = 128;

/** A kernel that reduces rows: on CPU adapters an invocation walks a row, unless a few long rows need all cores. */
export function rowKernel(options: RowKernelOptions, body: (walk: RowWalk) => Wgsl): Kernel {
  const { rows, width, adapter } = options;
  const enough = rows >= CPU_THREADS || width < 16 * GPU_THREADS;
  return adapter.isCpu && enough ? rowPerInvocation(options, body) : rowPerWorkgroup(options, body);
}

function rowPerInvocation(options: RowKernelOptions, body: (walk: RowWalk) => Wgsl): Kernel {
  const { declarations, rows, width, adapter } = options;
  const walk: RowWalk = {
    sum: (name, expression) => wgsl`
      var ${name} = 0.0;
      for (var block = 0u; block < WIDTH; block += 64u) { // sums of 64 first: less rounding in long rows
        var part = 0.0;
        for (var i = block; i < min(block + 64u, WIDTH); i++) { part += ${expression}; }
        ${name} += part;
      }`,
    max: (name, expression) => wgsl`
      var ${name} = -1e38f;
      for (var i = 0u; i < WIDTH; i++) { ${name} = max(${name}, ${expression}); }`,
    each: (statement) => wgsl`for (var i = 0u; i < WIDTH; i++) { ${statement} }`,
  };
  const source = wgsl`
    ${declarations}
    const WIDTH = ${width}u;

    @compute @workgroup_size(${CPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = (group.y * groups.x + group.x) * ${CPU_THREADS}u + local.x;
      if (row >= ${rows}u) { return; }
      ${body(walk)}
    }`;
  return { source, workgroups: foldGrid(Math.ceil(rows / CPU_THREADS), adapter) };
}

/** 128 invocations share a row; subgroups join what they found where the adapter has them. */
function rowPerWorkgroup(options: RowKernelOptions, body: (walk: RowWalk) => Wgsl): Kernel {
  const { declarations, rows, width, adapter } = options;
  const threads = GPU_THREADS;
  const over = (expression: string) => wgsl`for (var i = local.x; i < WIDTH; i += ${threads}u) { ${expression} }`;
  const who = adapter.subgroups ? "lanes" : "local.x";
  const walk: RowWalk = {
    sum: (name, expression) => wgsl`
      var ${name} = 0.0;
      ${over(`${name} += ${expression};`)}
      ${name} = workgroupSum(${who}, ${name});`,
    max: (name, expression) => wgsl`
      var ${name} = -1e38f;
      ${over(`${name} = max(${name}, ${expression});`)}
      ${name} = workgroupMax(${who}, ${name});`,
    each: over,
  };
  const lanes = "@builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_size) size: u32";
  const source = wgsl`
    ${adapter.subgroups ? "enable subgroups;" : ""}
    ${declarations}
    ${adapter.subgroups ? subgroupReductions(threads) : wgsl`${workgroupMax(threads)}\n${workgroupSum(threads)}`}
    const WIDTH = ${width}u;

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u${adapter.subgroups ? `, ${lanes}` : ""}) {
      let row = group.y * groups.x + group.x; // one grid axis holds 65,535 workgroups
      if (row >= ${rows}u) { return; }
      ${adapter.subgroups ? "let lanes = Lanes(local.x, lane, size);" : ""}
      ${body(walk)}
    }`;
  return { source, workgroups: foldGrid(rows, adapter) };
}
