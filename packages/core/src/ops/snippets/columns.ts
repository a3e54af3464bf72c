import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";

export interface ColumnSums {
  /** Bindings and functions. */
  readonly declarations: Wgsl;
  readonly rows: number;
  readonly width: number;
  /** WGSL f32 expressions of `row` and `column`, by the name of the sum. */
  readonly terms: Readonly<Record<string, string>>;
  /** WGSL statements that store the sums of `column`. */
  readonly store: string;
}

const CPU_THREADS = 8;
const GPU_THREADS = 256;

/** Sums over the rows of a matrix, a column each, always in the same order: what gradients of biases are. */
export function columnSumKernel(sums: ColumnSums, adapter: AdapterFacts): Kernel {
  return adapter.isCpu ? columnPerInvocation(sums, adapter) : columnsPerWorkgroup(sums, adapter);
}

function each(terms: ColumnSums["terms"], line: (name: string, expression: string) => string): Wgsl {
  return wgsl`${Object.entries(terms)
    .map(([name, expression]) => line(name, expression))
    .join("\n")}`;
}

function columnPerInvocation(sums: ColumnSums, adapter: AdapterFacts): Kernel {
  const { declarations, rows, width, terms, store } = sums;
  const source = wgsl`
    ${declarations}

    @compute @workgroup_size(${CPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let column = (group.y * groups.x + group.x) * ${CPU_THREADS}u + local.x;
      if (column >= ${width}u) { return; }
      ${each(terms, (name) => `var ${name} = 0.0;`)}
      for (var block = 0u; block < ${rows}u; block += 64u) { // sums of 64 first: less rounding in long columns
        ${each(terms, (name) => `var ${name}Part = 0.0;`)}
        for (var row = block; row < min(block + 64u, ${rows}u); row++) {
          ${each(terms, (name, expression) => `${name}Part += ${expression};`)}
        }
        ${each(terms, (name) => `${name} += ${name}Part;`)}
      }
      ${store}
    }`;
  return { source, workgroups: foldGrid(Math.ceil(width / CPU_THREADS), adapter) };
}

/** Neighbours read neighbouring columns; the more rows, the fewer columns and the more invocations a column has. */
function columnsPerWorkgroup(sums: ColumnSums, adapter: AdapterFacts): Kernel {
  const { declarations, rows, width, terms, store } = sums;
  const columns = rows >= 1024 ? 8 : 32;
  const lanes = GPU_THREADS / columns;
  const groups = Math.ceil(width / columns);
  const source = wgsl`
    ${declarations}
    ${each(terms, (name) => `var<workgroup> ${name}Parts: array<f32, ${GPU_THREADS}>;`)}

    @compute @workgroup_size(${GPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let block = group.y * groups.x + group.x;
      let own = block * ${columns}u + local.x % ${columns}u;
      let column = min(own, ${width - 1}u);
      ${each(terms, (name) => `var ${name} = 0.0;`)}
      for (var row = local.x / ${columns}u; row < ${rows}u; row += ${lanes}u) {
        ${each(terms, (name, expression) => `${name} += ${expression};`)}
      }
      ${each(terms, (name) => `${name}Parts[local.x] = ${name};`)}
      workgroupBarrier();
      for (var half = ${GPU_THREADS / 2}u; half >= ${columns}u; half /= 2u) {
        if (local.x < half) { ${each(terms, (name) => `${name}Parts[local.x] += ${name}Parts[local.x + half];`)} }
        workgroupBarrier();
      }
      if (local.x >= ${columns}u || own >= ${width}u) { return; }
      ${each(terms, (name) => `${name} = ${name}Parts[local.x];`)}
      ${store}
    }`;
  return { source, workgroups: foldGrid(groups, adapter) };
}
