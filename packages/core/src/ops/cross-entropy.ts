import { GraphError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type FusedOp, type Operands } from "../op.ts";
import { expectDType, expectFloat, expectRank, expectShape } from "../shape.ts";
import { elementCount, type TensorSpec } from "../spec.ts";
import { crossEntropyBackwardKernel, crossEntropyKernel } from "./cross-entropy.wgsl.ts";

type Optional = "labels" | "targets" | "teacher" | "alpha";
const OPTIONAL = ["labels", "targets", "teacher", "alpha"] as const;

/**
 * -Σ target log softmax(logits) of each row, f32 [rows], and for the backward the log-sum-exp of logits and teacher,
 * f32 [rows, 2]. No matrix of probabilities is written. Targets, teacher and alpha get no gradient.
 */
export const crossEntropyOp: FusedOp<"logits", Optional> = defineFused<"logits", Optional>({
  name: "crossEntropy",
  inputs: ["logits"],
  optional: OPTIONAL,
  infer(inputs) {
    expectTargets("crossEntropy", inputs);
    const rows = inputs.logits.shape[0]!;
    return [
      { dtype: "f32", shape: [rows] },
      { dtype: "f32", shape: [rows, 2] },
    ];
  },
  define(p, inputs) {
    const logits = p.cast(inputs.logits, "f32");
    const rows = logits.shape[0]!;
    const own = logSumExp(p, logits);
    const taught = inputs.teacher ? logSumExp(p, p.cast(inputs.teacher, "f32")) : p.fill(logits, [rows, 1], 0);
    const loss = p.neg(p.sum(p.mul(targetsOf(p, inputs, taught).target, p.sub(logits, own))));
    return [p.reshape(loss, [rows]), p.concat([own, taught], 1)];
  },
  vjp(_p, { inputs, outputs, grads }) {
    if (grads[1]) throw new GraphError("crossEntropy: no gradient flows through its statistics");
    const [dLogits] = apply(crossEntropyBackwardOp, { ...inputs, statistics: outputs[1]!, dLoss: grads[0]! }, {});
    return { logits: dLogits!, labels: null, targets: null, teacher: null, alpha: null };
  },
  flops: ({ inputs }) => 10 * elementCount(inputs.logits.shape),
  lower: ({ inputs, outputs }, _attrs, adapter) => crossEntropyKernel(inputs, outputs, adapter),
});

/** dLoss * (Σ target * softmax(logits) - target), from the log-sum-exps of the forward. */
export const crossEntropyBackwardOp = defineFused<"logits" | "statistics" | "dLoss", Optional>({
  name: "crossEntropyBackward",
  inputs: ["logits", "statistics", "dLoss"],
  optional: OPTIONAL,
  infer(inputs) {
    const { logits, statistics, dLoss } = inputs;
    expectTargets("crossEntropyBackward", inputs);
    expectDType("crossEntropyBackward", "statistics", statistics, ["f32"]);
    expectShape("crossEntropyBackward", "statistics", statistics, [logits.shape[0]!, 2]);
    expectDType("crossEntropyBackward", "dLoss", dLoss, ["f32"]);
    expectShape("crossEntropyBackward", "dLoss", dLoss, [logits.shape[0]!]);
    return [logits];
  },
  define(p, inputs) {
    const { logits, statistics, dLoss } = inputs;
    const rows = logits.shape[0]!;
    const column = (i: number) => p.slice(statistics, [0, i], [rows, 1]);
    const { target, mass } = targetsOf(p, inputs, column(1));
    const probabilities = p.exp(p.sub(p.cast(logits, "f32"), column(0)));
    const difference = p.sub(p.mul(probabilities, mass), target);
    return [p.cast(p.mul(difference, p.reshape(dLoss, [rows, 1])), logits.dtype)];
  },
  flops: ({ inputs }) => 6 * elementCount(inputs.logits.shape),
  lower: ({ inputs, outputs }, _attrs, adapter) => crossEntropyBackwardKernel(inputs, outputs[0]!, adapter),
});

function expectTargets(op: string, inputs: Operands<"logits", Optional, TensorSpec>): void {
  const { logits, labels, targets, teacher, alpha } = inputs;
  expectFloat(op, "logits", logits);
  expectRank(op, "logits", logits, 2);
  if (labels) {
    expectDType(op, "labels", labels, ["i32"]);
    expectShape(op, "labels", labels, [logits.shape[0]!]);
  }
  for (const [name, spec] of Object.entries({ targets, teacher })) {
    if (!spec) continue;
    expectFloat(op, name, spec);
    expectShape(op, name, spec, logits.shape);
  }
  if (alpha) {
    expectDType(op, "alpha", alpha, ["f32"]);
    expectShape(op, "alpha", alpha, []);
  }
}

function logSumExp(p: PrimitiveSet, x: Tensor): Tensor {
  const top = p.max(x);
  return p.add(top, p.log(p.sum(p.exp(p.sub(x, top)))));
}

/**
 * (1 - alpha) * hard + alpha * exp(teacher - taught), f32 [rows, classes], and its sum [rows, 1], for which that of the
 * teacher is 1; zeros in rows that are left out.
 */
function targetsOf(p: PrimitiveSet, inputs: Operands<"logits", Optional, Tensor>, taught: Tensor) {
  const { logits, labels, targets, teacher, alpha } = inputs;
  const hard = labels ? oneHot(p, labels, logits.shape) : targets && p.cast(targets, "f32");
  const soft = teacher && p.exp(p.sub(p.cast(teacher, "f32"), taught));
  const mix = (a: Tensor, b: Tensor) => (alpha ? p.add(a, p.mul(p.sub(b, a), alpha)) : a);
  const one = p.fill(logits, [logits.shape[0]!, 1], 1);
  const target = hard && soft ? mix(hard, soft) : (hard ?? soft)!;
  const mass = hard && soft ? mix(p.sum(hard), one) : hard ? p.sum(hard) : one;
  if (!labels || !soft) return { target, mass };
  const counted = p.reshape(p.greater(p.cast(labels, "f32"), p.fill(labels, [], -1)), [logits.shape[0]!, 1]);
  return { target: p.mul(target, counted), mass: p.mul(mass, counted) };
}

function oneHot(p: PrimitiveSet, labels: Tensor, shape: readonly number[]): Tensor {
  return p.equal(p.iota(labels, shape, 1, "i32"), p.reshape(labels, [shape[0]!, 1]));
}

export interface CrossEntropyTargets {
  /** i32 [rows]: the class of each row. Rows with a negative label (-100 in the official code) have loss 0. */
  readonly labels?: Tensor;
  /** [rows, classes]: soft targets, in place of labels. */
  readonly targets?: Tensor;
  /** [rows, classes]: logits of a teacher; softmax(teacher) is the target, or a share of it. */
  readonly teacher?: Tensor;
  /** f32 []: the teacher's share where there are labels or targets too. */
  readonly alpha?: Tensor;
}

/**
 * Cross-entropy of each row, f32 [rows], of logits [rows, classes] f32 or f16, against (1 - alpha) * labels or targets +
 * alpha * softmax(teacher): momentum distillation (Li et al. 2021, equations 6 and 7). Gradients flow to the logits only.
 */
export function crossEntropy(logits: Tensor, given: CrossEntropyTargets): Tensor {
  const { labels, targets, teacher, alpha } = given;
  const hard = labels ?? targets;
  if (labels && targets) throw new GraphError("crossEntropy: give labels or targets, not both");
  if (!hard && !teacher) throw new GraphError("crossEntropy: give labels, targets or a teacher");
  if (Boolean(alpha) !== Boolean(hard && teacher))
    throw new GraphError("crossEntropy: alpha mixes a teacher with labels or targets; give all of them or no alpha");
  const operands = { ...(labels && { labels }), ...(targets && { targets }), ...(teacher && { teacher }) };
  return apply(crossEntropyOp, { logits, ...operands, ...(alpha && { alpha }) }, {})[0]!;
}
