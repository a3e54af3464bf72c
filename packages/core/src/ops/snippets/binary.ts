import { DTypeError } from "../../errors.ts";
import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { definePrimitive, type Primitive } from "../../op.ts";
import { broadcastShapes, broadcastStrides } from "../../shape.ts";
import { type DType, formatSpec, isFloat } from "../../spec.ts";
import { wgsl } from "../../wgsl.ts";
import { elementwiseKernel, stridedIndex } from "./elementwise.ts";

export interface BinaryRule {
  readonly name: string;
  /** WGSL expression of `u` and `v`, two numbers of one type. */
  readonly expression: string;
  /** Element type of the result; default: the operands'. */
  readonly result?: DType;
  /** Gradients in the broadcast shape; `sumTo` is applied by the factory. */
  vjp(p: PrimitiveSet, a: Tensor, b: Tensor, dy: Tensor): readonly [Tensor | null, Tensor | null];
}

/** An elementwise function of two tensors of one dtype, broadcast against each other. */
export function binary(rule: BinaryRule): Primitive<"a" | "b"> {
  return definePrimitive<"a" | "b">({
    name: rule.name,
    inputs: ["a", "b"],
    infer({ a, b }) {
      if (a.dtype !== b.dtype) {
        throw new DTypeError(`${rule.name}: a and b must have one dtype, got ${formatSpec(a)} and ${formatSpec(b)}`);
      }
      return [{ dtype: rule.result ?? a.dtype, shape: broadcastShapes(rule.name, a, b) }];
    },
    vjp(p, { inputs: { a, b }, grads }) {
      const [da, db] = rule.vjp(p, a, b, grads[0]!);
      return { a: da && p.sumTo(da, a.shape), b: db && p.sumTo(db, b.shape) };
    },
    lower({ inputs: { a, b }, outputs }, _attrs, adapter) {
      const y = outputs[0]!;
      const type = isFloat(a.dtype) ? "f32" : a.dtype;
      const body = wgsl`
        ${stridedIndex("ia", y.shape, broadcastStrides(a.shape, y.shape))}
        ${stridedIndex("ib", y.shape, broadcastStrides(b.shape, y.shape))}
        let u = ${type}(a[ia]);
        let v = ${type}(b[ib]);
        y[i] = ${y.dtype}(${rule.expression});`;
      return elementwiseKernel({ a, b }, y, adapter, body);
    },
  });
}
