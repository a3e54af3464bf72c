import type { TfModule, TfTensor } from "../op.ts";
import { sameShape } from "../shape.ts";

/** From this many multiplications a matrix on, cutting a batch into single products pays for its copies. */
const WORTH_CUTTING = 1 << 20;

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** tf.matMul with any leading axes, by the way that is fast on the backend. `batch`: the leading axes of the result. */
export function matmulTfjs(
  tf: TfModule,
  a: TfTensor,
  b: TfTensor,
  batch: readonly number[],
  how: Transposed,
): TfTensor {
  // tf.matMul repeats no more than one leading axis
  const whole = (x: TfTensor) =>
    sameShape(x.shape.slice(0, -2), batch) ? x : tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  const [left, right] = [whole(a), whole(b)];
  if (tf.getBackend() !== "wasm") return tf.matMul(left, right, how.transposeA, how.transposeB);
  // The wasm backend has fast products (XNNPACK) only for a single pair of matrices that are not transposed.
  const x = how.transposeA ? swapLast(tf, left) : left;
  const y = how.transposeB ? swapLast(tf, right) : right;
  const [m = 1, k = 1] = x.shape.slice(-2);
  const n = y.shape.at(-1)!;
  if (batch.length === 0 || m * n * k < WORTH_CUTTING) return tf.matMul(x, y);
  const columns = tf.unstack(tf.reshape(y, [-1, k, n]));
  const products = tf.unstack(tf.reshape(x, [-1, m, k])).map((rows, i) => tf.matMul(rows, columns[i]!));
  return tf.reshape(tf.stack(products), [...batch, m, n]);
}

function swapLast(tf: TfModule, x: TfTensor): TfTensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
