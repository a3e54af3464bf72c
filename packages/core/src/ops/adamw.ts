import { bindings } from "../bindings.ts";
import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectRank, expectShape } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { inPlaceKernel } from "./snippets/in-place.ts";

export interface AdamWAttrs {
  readonly beta1: number;
  readonly beta2: number;
  /** Added to the root of the second moment, after its bias correction. */
  readonly eps: number;
}

/** Elements that share a learning rate and a decay: tensors in an arena start at multiples of it. */
export const GROUP_BLOCK = 64;

type Inputs = "weights" | "moment1" | "moment2" | "gradients" | "groups" | "rates" | "step";

const IN_PLACE = ["weights", "moment1", "moment2", "teacher"] as const;

/**
 * One AdamW step over flat arrays [n] (Loshchilov & Hutter 2019, as torch.optim.AdamW). `groups` u32 [n / 64] names the
 * row of `rates` f32 [groups, 2] (learning rate, decay) of each block; `step` f32 [5] is 1 - beta1^t, sqrt(1 - beta2^t),
 * the factor on the gradients, and those on `teacher` and on the new weights, which it follows in the same pass over
 * memory. With it a stage has all the 8 storage buffers that every WebGPU device binds.
 */
export const adamWOp = defineFused<Inputs, "teacher", AdamWAttrs>({
  name: "adamW",
  inputs: ["weights", "moment1", "moment2", "gradients", "groups", "rates", "step"],
  optional: ["teacher"],
  inPlace: IN_PLACE,
  effect: true,
  infer({ weights, moment1, moment2, gradients, groups, rates, step, teacher }) {
    expectDType("adamW", "weights", weights, ["f32"]);
    expectRank("adamW", "weights", weights, 1);
    const count = elementCount(weights.shape);
    if (count % GROUP_BLOCK !== 0) {
      throw new ShapeError(`adamW: weights must hold a multiple of ${GROUP_BLOCK} values, got ${formatSpec(weights)}`);
    }
    for (const [name, spec] of Object.entries({ moment1, moment2, gradients, ...(teacher && { teacher }) })) {
      expectDType("adamW", name, spec, ["f32"]);
      expectShape("adamW", name, spec, weights.shape);
    }
    expectDType("adamW", "groups", groups, ["u32"]);
    expectShape("adamW", "groups", groups, [count / GROUP_BLOCK]);
    expectShape("adamW", "rates", rates, [rates.shape[0] ?? 0, 2]);
    expectShape("adamW", "step", step, [5]);
    return [weights, weights, weights, ...(teacher ? [weights] : [])];
  },
  define(p, { weights, moment1, moment2, gradients, groups, rates, step, teacher }, { beta1, beta2, eps }) {
    const [rate, decay] = [0, 1].map((column) => perElement(p, p.gather(rates, groups), column));
    const [bias1, rootBias2, factor, kept, followed] = [0, 1, 2, 3, 4].map((i) => p.slice(step, [i], [1]));
    const g = p.mul(gradients, factor!);
    const m = p.add(p.mul(moment1, beta1), p.mul(g, 1 - beta1));
    const v = p.add(p.mul(moment2, beta2), p.mul(p.mul(g, g), 1 - beta2));
    const decayed = p.sub(weights, p.mul(p.mul(rate!, decay!), weights));
    const root = p.add(p.div(p.sqrt(v), rootBias2!), eps);
    const updated = p.sub(decayed, p.mul(p.div(rate!, bias1!), p.div(m, root)));
    if (!teacher) return [updated, m, v];
    return [updated, m, v, p.add(p.mul(teacher, kept!), p.mul(updated, followed!))];
  },
  flops: ({ inputs }) => (inputs.teacher ? 18 : 15) * elementCount(inputs.weights.shape),
  lower({ inputs }, { beta1, beta2, eps }, adapter) {
    const declarations = bindings(inputs, {}, { inPlace: IN_PLACE });
    const body = wgsl`
      let group = groups[i / ${GROUP_BLOCK}u];
      let rate = rates[2u * group];
      let g = gradients[i] * step[2];
      let m = ${f32Literal(beta1)} * moment1[i] + ${f32Literal(1 - beta1)} * g;
      let v = ${f32Literal(beta2)} * moment2[i] + ${f32Literal(1 - beta2)} * g * g;
      moment1[i] = m;
      moment2[i] = v;
      let decayed = weights[i] * (1.0 - rate * rates[2u * group + 1u]);
      let updated = decayed - rate / step[0] * m / (sqrt(v) / step[1] + ${f32Literal(eps)});
      weights[i] = updated;
      ${inputs.teacher ? "teacher[i] = step[3] * teacher[i] + step[4] * updated;" : ""}`;
    return inPlaceKernel({ declarations, count: elementCount(inputs.weights.shape), adapter, body });
  },
});

/** Column of [blocks, 2] repeated for each element of a block: [n]. */
function perElement(p: PrimitiveSet, table: Tensor, column: number): Tensor {
  const blocks = table.shape[0]!;
  const values = p.broadcastTo(p.slice(table, [0, column], [blocks, 1]), [blocks, GROUP_BLOCK]);
  return p.reshape(values, [blocks * GROUP_BLOCK]);
}

export interface AdamWStep extends AdamWAttrs {
  readonly gradients: Tensor;
  /** u32 [n / 64]: which row of `rates` a block of 64 values follows. */
  readonly groups: Tensor;
  /** f32 [groups, 2]: learning rate and decoupled weight decay. */
  readonly rates: Tensor;
  /**
   * f32 [5]: 1 - beta1^t, sqrt(1 - beta2^t), what the gradients are multiplied by (clipping, loss scale); momentum, and
   * 1 - momentum, of the teacher.
   */
  readonly step: Tensor;
  /** f32 [n]: becomes momentum * teacher + (1 - momentum) * new weights. */
  readonly teacher?: Tensor | undefined;
}

/**
 * Updates flat arenas in place: weights, moment1, moment2, gradients and teacher f32 [n], n a multiple of 64. Returns the
 * new weights and moments, and the new teacher where there is one. Throws ShapeError or DTypeError.
 */
export function adamW(
  weights: Tensor,
  moment1: Tensor,
  moment2: Tensor,
  { beta1, beta2, eps, teacher, ...operands }: AdamWStep,
): readonly [Tensor, Tensor, Tensor, Tensor?] {
  const inputs = { weights, moment1, moment2, ...operands, ...(teacher && { teacher }) };
  const results = apply(adamWOp, inputs, { beta1, beta2, eps });
  return results as [Tensor, Tensor, Tensor, Tensor?];
}
