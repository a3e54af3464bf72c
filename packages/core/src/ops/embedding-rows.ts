import { defineFused } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim } from "../shape.ts";
import { type DType, elementCount } from "../spec.ts";
import { scatterAdd } from "./scatter-add.ts";
import { scatterAddKernel } from "./scatter-add.wgsl.ts";

export interface EmbeddingRowsAttrs {
  /** Rows of the table. */
  readonly rows: number;
  /** Element type of the gradient. */
  readonly dtype: DType;
}

/** padding_idx in the official code: lookups of id 0 teach row 0 nothing. */
const PADDING_ID = 0;

/** The gradient of word embeddings [rows, width]: updates [..., width] summed by their ids, those of id 0 left out. */
export const embeddingRowsOp = defineFused<"updates" | "inputIds", never, EmbeddingRowsAttrs>({
  name: "embeddingRows",
  inputs: ["updates", "inputIds"],
  infer({ updates, inputIds }, { rows, dtype }) {
    expectFloat("embeddingRows", "updates", updates);
    expectDType("embeddingRows", "inputIds", inputIds, ["i32"]);
    expectShape("embeddingRows", "updates", updates, [...inputIds.shape, lastDim(updates)]);
    return [{ dtype, shape: [rows, lastDim(updates)] }];
  },
  define(p, { updates, inputIds }, { rows, dtype }) {
    const padding = p.equal(inputIds, p.fill(inputIds, inputIds.shape, PADDING_ID, "i32"));
    const learning = p.reshape(p.add(p.neg(padding), 1), [...inputIds.shape, 1]);
    return [p.cast(scatterAdd(p.mul(p.cast(updates, "f32"), learning), inputIds, rows), dtype)];
  },
  flops: ({ inputs, outputs }) =>
    elementCount(inputs.inputIds.shape) * outputs[0]!.shape[0]! + elementCount(outputs[0]!.shape),
  lower: ({ inputs: { updates, inputIds }, outputs }, _attrs, adapter) =>
    scatterAddKernel({ updates, indices: inputIds, y: outputs[0]! }, PADDING_ID, adapter),
});
