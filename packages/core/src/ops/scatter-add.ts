import { definePrimitive } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface ScatterAddAttrs {
  readonly rows: number;
}

/**
 * updates [..., width] added into zeros [rows, width] at indices [...]: the gradient of `gather`.
 * Each output element walks the indices in order, so the sum is deterministic without atomics.
 */
export const scatterAddOp = definePrimitive<"updates" | "indices", never, ScatterAddAttrs>({
  name: "scatterAdd",
  inputs: ["updates", "indices"],
  infer({ updates, indices }, { rows }) {
    expectFloat("scatterAdd", "updates", updates);
    expectDType("scatterAdd", "indices", indices, ["i32", "u32"]);
    expectShape("scatterAdd", "updates", updates, [...indices.shape, lastDim(updates)]);
    return [{ dtype: updates.dtype, shape: [rows, lastDim(updates)] }];
  },
  f64({ updates, indices }, { rows }) {
    const width = lastDim(updates);
    const result = new Float64Array(rows * width);
    indices.data.forEach((index, row) => {
      const at = Math.min(Math.max(index, 0), rows - 1) * width;
      for (let i = 0; i < width; i++) result[at + i]! += updates.data[row * width + i]!;
    });
    return [result];
  },
  tfjs(tf, { updates, indices }, { rows }) {
    const width = lastDim(updates);
    const flat = tf.reshape(tf.clipByValue(indices, 0, rows - 1), [-1]);
    return [tf.unsortedSegmentSum(tf.reshape(updates, [-1, width]), tf.cast(flat, "int32") as never, rows)];
  },
  vjp: (p, { inputs, grads }) => ({ updates: p.gather(grads[0]!, inputs.indices), indices: null }),
  flops: ({ inputs, outputs }) => elementCount(inputs.indices.shape) * elementCount(outputs[0]!.shape),
  lower({ inputs: { updates, indices }, outputs }, { rows }, adapter) {
    const width = lastDim(updates);
    const body = wgsl`
      let row = i / ${width}u;
      var total = 0.0;
      for (var k = 0u; k < ${elementCount(indices.shape)}u; k++) {
        if (u32(clamp(i32(indices[k]), 0, ${rows - 1})) == row) { total += f32(updates[k * ${width}u + i % ${width}u]); }
      }
      y[i] = ${outputs[0]!.dtype}(total);`;
    return elementwiseKernel({ updates, indices }, outputs[0]!, adapter, body);
  },
});
