import type { Vjp } from "../op.ts";
import { scatterAdd } from "./scatter-add.ts";
import { rowOffsets } from "./top-k.ts";

/** The gradient of a value goes to the place it was taken from. */
export const topKVjp: Vjp<"x"> = (p, { inputs: { x }, outputs, grads }) => {
  const dValues = grads[0];
  if (!dValues) return { x: null };
  const [rows, n] = x.shape as readonly [number, number];
  const flat = scatterAdd(p.reshape(dValues, [...dValues.shape, 1]), rowOffsets(outputs[1]!, n), rows * n);
  return { x: p.reshape(flat, x.shape) };
};
