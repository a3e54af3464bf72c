import type { TfjsRule } from "../op.ts";
import { bounds } from "./snippets/segments.ts";
import type { TopKAttrs } from "./top-k.wgsl.ts";

const LARGEST = 3.4028234663852886e38; // of f32; tfjs sorts by differences, which infinities and NaN spoil

/** Values and indices. */
export const topKTfjs: TfjsRule<"x", never, TopKAttrs> = (tf, { x }, { k, segments, ascending }) => {
  const parts = bounds(x.shape[1]!, segments).map(([begin, end]) => {
    // Among equals tfjs takes the lower index, so it is shown the row from its end.
    const run = tf.reverse(tf.slice(x, [0, begin], [x.shape[0]!, end - begin]), 1);
    const finite = tf.clipByValue(tf.where(tf.isNaN(run), tf.scalar(LARGEST), run), -LARGEST, LARGEST);
    const best = tf.topk(finite, k, true).indices;
    const places = ascending ? tf.reverse(best, 1) : best;
    // In one dimension: with batch dimensions the gather of the wasm backend reads past the first row wrongly.
    const rows = tf.reshape(tf.range(0, x.shape[0]!, 1, "int32"), [x.shape[0]!, 1]);
    const flat = tf.add(places, tf.mul(rows, tf.scalar(end - begin, "int32"))) as typeof places;
    const values = tf.gather(tf.reshape(run, [-1]), flat);
    return { values, indices: tf.sub(tf.scalar(end - 1, "int32"), places) };
  });
  const join = (name: "values" | "indices") =>
    tf.concat(
      parts.map((part) => part[name]),
      1,
    );
  return [join("values"), join("indices")];
};
