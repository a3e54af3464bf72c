import { definePrimitive } from "../op.ts";
import { expectDType, expectRank, lastDim } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";
import { rowIndices } from "./snippets/row-indices.tfjs.ts";

/** Rows of table [rows, width] at indices i32 [...]: [..., width]. Indices outside are clamped. */
export const gatherOp = definePrimitive<"table" | "indices">({
  name: "gather",
  inputs: ["table", "indices"],
  infer({ table, indices }) {
    expectRank("gather", "table", table, 2);
    expectDType("gather", "indices", indices, ["i32", "u32"]);
    return [{ dtype: table.dtype, shape: [...indices.shape, lastDim(table)] }];
  },
  tfjs: (tf, { table, indices }) => [tf.gather(table, rowIndices(tf, indices, table.shape[0]!) as never)],
  vjp: "later",
  lower({ inputs: { table, indices }, outputs }, _attrs, adapter) {
    const body = wgsl`
      let row = u32(clamp(i32(indices[i / ${lastDim(table)}u]), 0, ${table.shape[0]! - 1}));
      y[i] = table[row * ${lastDim(table)}u + i % ${lastDim(table)}u];`;
    return elementwiseKernel({ table, indices }, outputs[0]!, adapter, body);
  },
});
