import type { TfjsCall, TfjsRule, TfModule, TfTensor } from "../op.ts";
import { sameShape } from "../shape.ts";
import type { MatmulAttrs } from "./matmul.ts";

/** From this many multiplications a matrix on, cutting a batch into single products pays for its copies. */
export const WORTH_CUTTING = 1 << 20;

/**
 * tf.matMul with any leading axes, by the way that is fast on the backend: wasm has fast products (XNNPACK) only for a
 * single pair of matrices that are not transposed, and packs the second once if it stays the same tensor.
 */
export const matmulTfjs: TfjsRule<"a" | "b", never, MatmulAttrs> = (tf, { a, b }, { transposeA, transposeB }, call) => {
  const batch = call.outputs[0]!.shape.slice(0, -2);
  // tf.matMul repeats no more than one leading axis
  const whole = (x: TfTensor) =>
    sameShape(x.shape.slice(0, -2), batch) ? x : tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  if (tf.getBackend() !== "wasm") return [tf.matMul(whole(a), whole(b), transposeA, transposeB)];
  const x = whole(transposeA ? swapLast(tf, a) : a);
  const y = whole(transposeB ? keptSwapped(tf, b, call) : b);
  const [m = 1, k = 1] = x.shape.slice(-2);
  const n = y.shape.at(-1)!;
  if (batch.length === 0 || m * n * k < WORTH_CUTTING) return [tf.matMul(x, y)];
  const columns = tf.unstack(tf.reshape(y, [-1, k, n]));
  const products = tf.unstack(tf.reshape(x, [-1, m, k])).map((rows, i) => tf.matMul(rows, columns[i]!));
  return [tf.reshape(tf.stack(products), [...batch, m, n])];
};

/** A weight with its last two axes swapped. */
export function keptSwapped(tf: TfModule, weight: TfTensor, { kept }: TfjsCall): TfTensor {
  return kept(weight, "swapped", () => swapLast(tf, weight));
}

function swapLast(tf: TfModule, x: TfTensor): TfTensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
