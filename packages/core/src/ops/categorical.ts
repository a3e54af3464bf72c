import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectRank, expectShape, foldGrid } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";

const THREADS = 64;

/** One index per row of weights [rows, n], drawn in proportion to the row by inversion of uniforms [rows]. */
export const categoricalOp = defineFused<"weights" | "uniforms">({
  name: "categorical",
  inputs: ["weights", "uniforms"],
  infer({ weights, uniforms }) {
    expectDType("categorical", "weights", weights, ["f32"]);
    expectDType("categorical", "uniforms", uniforms, ["f32"]);
    expectRank("categorical", "weights", weights, 2);
    expectShape("categorical", "uniforms", uniforms, [weights.shape[0]!]);
    return [{ dtype: "i32", shape: [weights.shape[0]!] }];
  },
  // The index is the number of places whose cumulative weight does not exceed the target.
  define(p, { weights, uniforms }) {
    const [rows, n] = weights.shape as readonly [number, number];
    const later = p.greater(p.iota(weights, [n, n], 0), p.iota(weights, [n, n], 1));
    const upTo = p.sub(p.fill(later, [n, n], 1), later); // 1 where row <= column
    const cumulative = p.matmul(weights, upTo);
    const target = p.mul(p.slice(cumulative, [0, n - 1], [rows, 1]), p.reshape(uniforms, [rows, 1]));
    const passed = p.sub(p.fill(weights, [rows, 1], n), p.sum(p.greater(cumulative, target)));
    return [p.cast(p.reshape(passed, [rows]), "i32")];
  },
  flops: ({ inputs }) => 2 * elementCount(inputs.weights.shape),
  lower({ inputs: { weights, uniforms }, outputs }, _attrs, adapter) {
    const [rows, n] = weights.shape as readonly [number, number];
    const source = wgsl`
      ${bindings({ weights, uniforms }, { y: outputs[0]! })}

      @compute @workgroup_size(${THREADS})
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_id) local: vec3u) {
        let row = (group.y * groups.x + group.x) * ${THREADS}u + local.x;
        if (row >= ${rows}u) { return; }
        var total = 0.0;
        for (var i = 0u; i < ${n}u; i++) { total += weights[row * ${n}u + i]; }
        let wanted = uniforms[row] * total;
        var running = 0.0;
        var found = 0u;
        for (var i = 0u; i < ${n}u; i++) {
          let weight = weights[row * ${n}u + i];
          if (weight > 0.0 && running <= wanted) { found = i; } // never an index of weight 0, whatever rounding does
          running += weight;
        }
        y[row] = i32(found);
      }`;
    return { source, workgroups: foldGrid(Math.ceil(rows / THREADS), adapter) };
  },
});

/**
 * An index i32 [rows] per row of weights f32 [rows, n] (not negative, not all 0), with probability in proportion to the
 * weights; `uniforms` [rows] are numbers in [0, 1). No gradient flows. Throws ShapeError or DTypeError.
 */
export function categorical(weights: Tensor, uniforms: Tensor): Tensor {
  return apply(categoricalOp, { weights, uniforms }, {})[0]!;
}
