import type { Tensor } from "../graph/tensor.ts";
import { describeGradient, describeOp, type GradientCase, gaussian, type OpCase, uniform } from "../testing/index.ts";
import { crossEntropy, crossEntropyBackwardOp, crossEntropyOp } from "./cross-entropy.ts";

const gpu = { adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 } } as const;
const IGNORED = -100;

/** Operands of a case; of alpha is 0.4, as in the official configuration. */
function rows(count: number, classes: number, names: readonly string[]): OpCase {
  const shapes: Record<string, number[]> = { logits: [count, classes] };
  for (const name of names) shapes[name] = name === "alpha" ? [] : name === "labels" ? [count] : [count, classes];
  return {
    shapes,
    dtypes: { labels: "i32" },
    values: { alpha: [0.4] },
    fill: { targets: uniform(0, 0.3), logits: gaussian(0, 3), labels: (random) => Math.floor(random() * classes) },
    tolerance: { atol: 1e-4 },
    gradients: false, // none flows through the statistics, nor to the targets: see the gradients below
  };
}

const ln3 = Math.log(3);
describeOp(crossEntropyOp, {
  // Worked by hand: equal logits over three classes cost ln 3, whatever the label; the row without a label costs nothing.
  labels: {
    ...rows(3, 3, ["labels"]),
    values: { logits: [5, 5, 5, 1, 2, 3, 0, 0, Math.log(2)], labels: [1, IGNORED, 2] },
    expect: [ln3, 0, Math.log(2)],
  },
  // A teacher whose softmax is (1/4, 3/4) on logits whose softmax is (1/2, 1/2).
  teacher: { ...rows(1, 2, ["teacher"]), values: { logits: [2, 2], teacher: [0, ln3] }, expect: [Math.LN2] },
  "labels and a teacher": {
    ...rows(1, 2, ["labels", "teacher", "alpha"]),
    values: { logits: [0, ln3], labels: [1], teacher: [7, 7], alpha: [0.5] },
    expect: [-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)],
  },
  "targets that do not sum to 1": {
    ...rows(1, 2, ["targets"]),
    values: { logits: [1, 1], targets: [1, 1] },
    expect: [2 * Math.LN2],
  },
  "targets and a teacher": rows(5, 7, ["targets", "teacher", "alpha"]),
  "large logits": {
    ...rows(3, 11, ["labels"]),
    fill: { logits: gaussian(5000, 30), labels: () => 4 },
    tolerance: { rtol: 1e-4 },
  },
  "a vocabulary, a workgroup per row": {
    ...rows(5, 2500, ["labels", "teacher", "alpha"]),
    ...gpu,
    tolerance: { atol: 1e-3 },
  },
});

const backward = (count: number, classes: number, names: readonly string[]): OpCase => {
  const { shapes, ...rest } = rows(count, classes, names);
  const fill = { ...rest.fill, statistics: gaussian(4) };
  return { ...rest, fill, shapes: { ...shapes, statistics: [count, 2], dLoss: [count] } };
};

describeOp(crossEntropyBackwardOp, {
  // Worked by hand: softmax (1/2, 1/2) less the label, times 3; nothing where there is no label.
  labels: {
    ...backward(2, 2, ["labels"]),
    values: { logits: [0, 0, 1, 2], labels: [1, IGNORED], dLoss: [3, 4], statistics: [Math.LN2, 0, 1, 0] },
    expect: [1.5, -1.5, 0, 0],
  },
  "labels and a teacher": backward(3, 11, ["labels", "teacher", "alpha"]),
  "targets and a teacher": backward(5, 7, ["targets", "teacher", "alpha"]),
  "a workgroup per row": { ...backward(5, 300, ["targets"]), ...gpu },
});

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
const given = ({ logits, ...targets }: Readonly<Record<string, Tensor>>) => crossEntropy(logits!, targets);

const againstTfjs: Record<string, GradientCase> = {
  "momentum distillation of masked words": {
    specs: { logits: f32(4, 9), teacher: f32(4, 9), labels: { dtype: "i32", shape: [4] }, alpha: f32() },
    values: { labels: [3, IGNORED, 8, 0], alpha: [0.4] },
    wrt: ["logits"],
    model: given,
    reference(tf, { logits, teacher, labels, alpha }) {
      const hard = tf.oneHot(tf.cast(labels!, "int32"), 9); // no one in the row that is left out
      const soft = tf.softmax(teacher!);
      const counted = tf.cast(tf.greaterEqual(labels!, 0), "float32");
      const target = tf.add(tf.mul(hard, tf.sub(1, alpha!)), tf.mul(soft, alpha!));
      return tf.mul(tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits!)), -1)), counted);
    },
  },
  "soft targets": {
    specs: { logits: f32(5, 7), targets: f32(5, 7) },
    fill: { targets: uniform(0, 0.3) },
    wrt: ["logits"],
    model: given,
    reference: (tf, { logits, targets }) => tf.neg(tf.sum(tf.mul(targets!, tf.logSoftmax(logits!)), -1)),
  },
};
describeGradient("crossEntropy", againstTfjs);
