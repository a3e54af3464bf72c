import { bindings } from "../bindings.ts";
import { definePrimitive } from "../op.ts";
import { expectFloat } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { columnSumKernel } from "./snippets/columns.ts";
import { type ReduceAttrs, reduceKernel } from "./snippets/reduce.ts";

/** Sum over axes. */
export const sumOp = definePrimitive<"x", never, ReduceAttrs>({
  name: "sum",
  inputs: ["x"],
  infer({ x }, { axes }) {
    expectFloat("sum", "x", x);
    return [{ dtype: x.dtype, shape: x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) }];
  },
  tfjs: (tf, { x }, { axes }) => [tf.sum(x, [...axes], true)],
  vjp: (p, { inputs, grads }) => ({ x: p.broadcastTo(grads[0]!, inputs.x.shape) }),
  flops: ({ inputs }) => elementCount(inputs.x.shape),
  lower({ inputs: { x }, outputs }, { axes }, adapter) {
    const y = outputs[0]!;
    const width = elementCount(y.shape);
    const leading = axes.every((axis, i) => axis === i) && axes.length < x.shape.length && width > 1;
    if (!leading) return reduceKernel(x, y, axes, { initial: 0, join: "u + v" }, adapter);
    const sums = {
      declarations: bindings({ x }, { y }),
      rows: elementCount(x.shape) / width,
      width,
      terms: { total: `f32(x[row * ${width}u + column])` },
      store: `y[column] = ${y.dtype}(total);`,
    };
    return columnSumKernel(sums, adapter);
  },
});
