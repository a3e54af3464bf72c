import type { Vjp } from "../op.ts";
import { scatterAdd } from "./scatter-add.ts";

/** Rows that were read several times sum what reaches them. */
export const gatherVjp: Vjp<"table" | "indices"> = (_p, { inputs, grads }) => ({
  table: scatterAdd(grads[0]!, inputs.indices, inputs.table.shape[0]!),
  indices: null,
});
