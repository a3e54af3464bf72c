import type { Vjp } from "../op.ts";
import { pad } from "./pad.ts";
import type { SliceAttrs } from "./slice.ts";

/** Zeros where nothing was read. */
export const sliceVjp: Vjp<"x", never, SliceAttrs> = (_p, { inputs: { x }, grads }, { begin, size }) => ({
  x: pad(
    grads[0]!,
    begin,
    x.shape.map((extent, axis) => extent - begin[axis]! - size[axis]!),
  ),
});
