import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { definePrimitive, type Primitive } from "../../op.ts";
import { expectFloat } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { elementwiseKernel } from "./elementwise.ts";

export interface UnaryRule {
  readonly name: string;
  /** WGSL expression of `v`, an f32. */
  readonly expression: string;
  /** WGSL functions the expression calls. */
  readonly declarations?: Wgsl;
  /** Gradient from operand, result and cotangent. */
  vjp(p: PrimitiveSet, x: Tensor, y: Tensor, dy: Tensor): Tensor | null;
}

/** An elementwise function of one float tensor. */
export function unary(rule: UnaryRule): Primitive<"x"> {
  return definePrimitive<"x">({
    name: rule.name,
    inputs: ["x"],
    infer({ x }) {
      expectFloat(rule.name, "x", x);
      return [x];
    },
    vjp: (p, { inputs, outputs, grads }) => ({ x: rule.vjp(p, inputs.x, outputs[0]!, grads[0]!) }),
    lower({ inputs, outputs }, _attrs, adapter) {
      const y = outputs[0]!;
      const body = wgsl`
        let v = f32(x[i]);
        y[i] = ${y.dtype}(${rule.expression});`;
      const kernel = elementwiseKernel({ x: inputs.x }, y, adapter, body);
      if (!rule.declarations) return kernel;
      return { ...kernel, source: wgsl`${kernel.source}\n${rule.declarations}` };
    },
  });
}
