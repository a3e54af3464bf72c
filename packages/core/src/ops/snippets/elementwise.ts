import { bindings } from "../../bindings.ts";
import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { elementCount, type TensorSpec } from "../../spec.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";

const THREADS = 64;

/** The one loop of all elementwise kernels: `body` computes element `i` of the output. */
export function elementwiseKernel(
  inputs: Readonly<Record<string, TensorSpec | undefined>>,
  output: TensorSpec,
  adapter: AdapterFacts,
  body: Wgsl,
): Kernel {
  const count = elementCount(output.shape);
  const perThread = adapter.isCpu ? 16 : 4;
  const source = wgsl`
    ${bindings(inputs, { y: output })}
    const COUNT = ${count}u;
    const PER_THREAD = ${perThread}u;

    fn element(i: u32) {
      ${body}
    }

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let start = (group.y * groups.x + group.x) * ${THREADS * perThread}u + local.x;
      for (var k = 0u; k < PER_THREAD; k++) {
        let i = start + k * ${THREADS}u;
        if (i < COUNT) { element(i); }
      }
    }`;
  return { source, workgroups: foldGrid(Math.ceil(count / (THREADS * perThread)), adapter) };
}

/** WGSL that turns output index `i` into the index into an operand read with `strides`, as expression `name`. */
export function stridedIndex(name: string, shape: readonly number[], strides: readonly number[], offset = 0): Wgsl {
  const lines = [`var ${name}_rest = i;`, `var ${name} = ${offset}u;`];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (strides[axis] !== 0) lines.push(`${name} += (${name}_rest % ${shape[axis]}u) * ${strides[axis]}u;`);
    lines.push(`${name}_rest /= ${shape[axis]}u;`);
  }
  return wgsl`${lines.join("\n")}`;
}
