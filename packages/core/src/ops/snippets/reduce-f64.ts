import { stridesOf } from "../../shape.ts";
import { elementCount, type Shape } from "../../spec.ts";

/** A reduction in double precision. */
export function reduceF64(
  x: { readonly shape: Shape; readonly data: Float64Array },
  axes: readonly number[],
  initial: number,
  join: (u: number, v: number) => number,
): Float64Array {
  const strides = stridesOf(x.shape);
  const outShape = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const outStrides = stridesOf(outShape);
  const result = new Float64Array(elementCount(outShape)).fill(initial);
  x.data.forEach((value, i) => {
    let at = 0;
    for (let axis = 0; axis < x.shape.length; axis++) {
      if (!axes.includes(axis)) at += (Math.floor(i / strides[axis]!) % x.shape[axis]!) * outStrides[axis]!;
    }
    result[at] = join(result[at]!, value);
  });
  return result;
}
