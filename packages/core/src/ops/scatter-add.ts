import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { scatterAddKernel } from "./scatter-add.wgsl.ts";
import { rowIndices } from "./snippets/row-indices.tfjs.ts";

export interface ScatterAddAttrs {
  readonly rows: number;
}

/**
 * updates [..., width] added into zeros [rows, width] at indices [...]: the gradient of `gather`.
 * Summed in the order of the indices, so the result is the same at every run.
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
    const flat = tf.reshape(rowIndices(tf, indices, rows), [-1, 1]);
    return [tf.scatterND(flat, tf.reshape(updates, [-1, width]), [rows, width])]; // it sums what meets; wasm lacks segment sums
  },
  vjp: (p, { inputs, grads }) => ({ updates: p.gather(grads[0]!, inputs.indices), indices: null }),
  flops: ({ inputs, outputs }) => elementCount(inputs.indices.shape) * elementCount(outputs[0]!.shape),
  lower: ({ inputs: { updates, indices }, outputs }, _attrs, adapter) =>
    scatterAddKernel({ updates, indices, y: outputs[0]! }, null, adapter),
});

/** Rows of updates [..., width] added into zeros [rows, width] at indices [...], those outside clamped: the gradient of `gather`. */
export function scatterAdd(updates: Tensor, indices: Tensor, rows: number): Tensor {
  return apply(scatterAddOp, { updates, indices }, { rows })[0]!;
}
