import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { definePrimitive } from "../op.ts";
import { stridesOf } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";
import { elementwiseKernel } from "./snippets/elementwise.ts";

export interface PadAttrs {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** x in a larger tensor of zeros. */
export const padOp = definePrimitive<"x", never, PadAttrs>({
  name: "pad",
  inputs: ["x"],
  infer({ x }, { before, after }) {
    if (
      before.length !== x.shape.length ||
      after.length !== x.shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      throw new ShapeError(
        `pad: [${before.join(",")}] and [${after.join(",")}] do not fit the axes of ${formatSpec(x)}`,
      );
    }
    return [{ dtype: x.dtype, shape: x.shape.map((extent, axis) => before[axis]! + extent + after[axis]!) }];
  },
  f64({ x }, { before }, outputs) {
    const result = new Float64Array(elementCount(outputs[0]!.shape));
    const strides = stridesOf(outputs[0]!.shape);
    const own = stridesOf(x.shape);
    x.data.forEach((value, i) => {
      const at = own.reduce(
        (sum, stride, a) => sum + ((Math.floor(i / stride) % x.shape[a]!) + before[a]!) * strides[a]!,
        0,
      );
      result[at] = value;
    });
    return [result];
  },
  tfjs: (tf, { x }, { before, after }) => [
    tf.pad(
      x,
      before.map((n, axis) => [n, after[axis]!] as [number, number]),
    ),
  ],
  vjp: (p, { inputs, grads }, { before }) => ({ x: p.slice(grads[0]!, before, inputs.x.shape) }),
  lower({ inputs: { x }, outputs }, { before }, adapter) {
    return elementwiseKernel({ x }, outputs[0]!, adapter, padBody(x.shape, outputs[0]!.shape, before));
  },
});

function padBody(shape: readonly number[], padded: readonly number[], before: readonly number[]): Wgsl {
  const strides = stridesOf(shape);
  const lines: string[] = [];
  for (let axis = padded.length - 1; axis >= 0; axis--) {
    lines.push(`let c${axis} = rest % ${padded[axis]}u - ${before[axis]}u;`); // wraps below 0, so one compare is enough
    lines.push(`inside = inside && c${axis} < ${shape[axis]}u;`);
    lines.push(`ix += c${axis} * ${strides[axis]}u;`, `rest /= ${padded[axis]}u;`);
  }
  return wgsl`
    var rest = i;
    var ix = 0u;
    var inside = true;
    ${lines.join("\n")}
    if (inside) { y[i] = x[ix]; } else { y[i] = 0; }`;
}

/** Zeros around `x`: `before[i]` and `after[i]` along axis i. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return apply(padOp, { x }, { before, after })[0]!;
}
