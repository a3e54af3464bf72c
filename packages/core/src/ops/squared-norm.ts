import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import { primitives } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectRank, foldGrid } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { pad } from "./pad.ts";
import { workgroupSum } from "./snippets/workgroup-sum.ts";

const CHUNK = 16384; // values that one workgroup sums
const THREADS = 64;

/** Sums of squares of the chunks of x [n]: [chunks]. The order of the sums is fixed, so the result is repeatable. */
export const squaredNormOp = defineFused<"x">({
  name: "squaredNorm",
  inputs: ["x"],
  infer({ x }) {
    expectDType("squaredNorm", "x", x, ["f32"]);
    expectRank("squaredNorm", "x", x, 1);
    return [{ dtype: "f32", shape: [Math.max(1, Math.ceil(elementCount(x.shape) / CHUNK))] }];
  },
  define(p, { x }) {
    const count = elementCount(x.shape);
    const chunks = Math.max(1, Math.ceil(count / CHUNK));
    const rows = p.reshape(pad(x, [0], [chunks * CHUNK - count]), [chunks, CHUNK]);
    return [p.reshape(p.sum(p.mul(rows, rows)), [chunks])];
  },
  flops: ({ inputs }) => 2 * elementCount(inputs.x.shape),
  lower({ inputs: { x }, outputs }, _attrs, adapter) {
    const source = wgsl`
      ${bindings({ x }, { y: outputs[0]! })}
      ${workgroupSum(THREADS)}
      const COUNT = ${elementCount(x.shape)}u;

      @compute @workgroup_size(${THREADS})
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_id) local: vec3u) {
        let chunk = group.y * groups.x + group.x;
        let end = min(COUNT, (chunk + 1u) * ${CHUNK}u);
        var total = 0.0;
        for (var i = chunk * ${CHUNK}u + local.x; i < end; i += ${THREADS}u) { total += x[i] * x[i]; }
        total = workgroupSum(local.x, total);
        if (local.x == 0u && chunk < ${elementCount(outputs[0]!.shape)}u) { y[chunk] = total; }
      }`;
    return { source, workgroups: foldGrid(elementCount(outputs[0]!.shape), adapter) };
  },
});

/** The sum of the squares of x f32 [n], as [1]. Throws ShapeError or DTypeError. */
export function squaredNorm(x: Tensor): Tensor {
  return primitives.sum(apply(squaredNormOp, { x }, {})[0]!);
}
