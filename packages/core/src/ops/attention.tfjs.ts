import type { Operands, TfjsRule, TfModule, TfTensor } from "../op.ts";
import type { AttentionAttrs } from "./attention.wgsl.ts";
import { WORTH_CUTTING } from "./matmul.tfjs.ts";
import { SWALLOWING_MASK } from "./snippets/attention-scores.ts";

type Inputs = Operands<"query" | "key" | "value", "mask", TfTensor>;

/** The context, and the log-sum-exp where something reads it. On wasm long sequences go head by head, see `matmulTfjs`. */
export const attentionTfjs: TfjsRule<"query" | "key" | "value", "mask", AttentionAttrs> = (tf, inputs, attrs, call) => {
  const [batch, length, width] = call.outputs[0]!.shape as readonly [number, number, number];
  const { heads, headDim } = attrs;
  const keys = inputs.key.shape[1]!;
  const split = headSplitter(tf, attrs);
  const query = tf.mul(split(inputs.query, attrs.queryOffset), attrs.scale);
  const key = tf.transpose(split(inputs.key, attrs.keyOffset), [0, 1, 3, 2]);
  const value = split(inputs.value, attrs.valueOffset);
  const keep = keptKeys(tf, inputs, attrs);
  const all = { query, key, value, keep, maskValue: attrs.maskValue, wantsSum: call.needed[1] === true };
  const cuts = tf.getBackend() === "wasm" && length * keys * headDim >= WORTH_CUTTING;
  const { context, logSumExp } = cuts ? attendByHead(tf, all) : attend(tf, all);
  const merged = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [batch, length, width]);
  return [merged, logSumExp && tf.reshape(logSumExp, [batch, heads, length])];
};

/** Heads of rows as [batch, heads, tokens, headDim]. Packed rows are turned once, since whole heads are cheap to cut out. */
function headSplitter(tf: TfModule, { heads, headDim }: AttentionAttrs) {
  const turned = new Map<TfTensor, TfTensor>();
  return (x: TfTensor, offset: number): TfTensor => {
    const [batch, tokens, width] = x.shape as [number, number, number];
    const whole = width % headDim === 0 && offset % headDim === 0;
    const rows = whole ? x : tf.slice(x, [0, 0, offset], [batch, tokens, heads * headDim]);
    const all = turned.get(rows) ?? tf.transpose(tf.reshape(rows, [batch, tokens, -1, headDim]), [0, 2, 1, 3]);
    turned.set(rows, all);
    return all.shape[1] === heads ? all : tf.slice(all, [0, offset / headDim, 0, 0], [batch, heads, tokens, headDim]);
  };
}

interface Attended {
  readonly context: TfTensor;
  readonly logSumExp?: TfTensor | undefined;
}

interface Heads {
  /** [..., L, headDim], scaled. */
  readonly query: TfTensor;
  /** [..., headDim, S] */
  readonly key: TfTensor;
  /** [..., S, headDim] */
  readonly value: TfTensor;
  /** 1 = keep; repeats to [..., L, S]. */
  readonly keep: TfTensor | undefined;
  readonly maskValue: number;
  readonly wantsSum: boolean;
}

function attend(tf: TfModule, { query, key, value, keep, maskValue, wantsSum }: Heads): Attended {
  const products = tf.matMul(query, key);
  const scores = keep ? masked(tf, products, { keep, maskValue }) : products;
  return {
    context: tf.matMul(tf.softmax(scores), value),
    logSumExp: wantsSum ? tf.logSumExp(scores, -1) : undefined,
  };
}

function attendByHead(tf: TfModule, all: Heads): Attended {
  const { query, key, value, keep } = all;
  const [batch, heads] = query.shape as [number, number, number, number];
  const matrices = (x: TfTensor) => tf.unstack(tf.reshape(x, [-1, ...x.shape.slice(2)]));
  const [queries, keys, values] = [matrices(query), matrices(key), matrices(value)];
  const keeps = keep && matrices(keep);
  const results = queries.map((one, i) =>
    attend(tf, {
      ...all,
      query: one,
      key: keys[i]!,
      value: values[i]!,
      keep: keeps?.[keeps.length === 1 ? 0 : Math.floor(i / heads)],
    }),
  );
  const join = (parts: TfTensor[]) => tf.reshape(tf.stack(parts), [batch, heads, ...parts[0]!.shape]);
  return {
    context: join(results.map(({ context }) => context)),
    logSumExp: all.wantsSum ? join(results.map(({ logSumExp }) => logSumExp!)) : undefined,
  };
}

/** As `attentionScores`: rows whose keys are all masked go without the common mask value. */
function masked(
  tf: TfModule,
  products: TfTensor,
  { keep, maskValue }: { readonly keep: TfTensor; readonly maskValue: number },
): TfTensor {
  const bias = tf.mul(tf.sub(tf.max(keep, -1, true), keep), maskValue);
  return tf.add(maskValue <= SWALLOWING_MASK ? tf.mul(products, keep) : products, bias);
}

/** Which keys a query sees: [batch or 1, 1, L or 1, S], or nothing where all are seen. */
function keptKeys(tf: TfModule, { query, key, mask }: Inputs, { causal }: AttentionAttrs): TfTensor | undefined {
  const keys = key.shape[1]!;
  const padding = mask && tf.reshape(mask, [mask.shape[0]!, 1, 1, keys]);
  if (!causal) return padding;
  const column = tf.reshape(tf.range(0, query.shape[1]!, 1, "int32"), [query.shape[1]!, 1]);
  const seen = tf.cast(tf.lessEqual(tf.range(0, keys, 1, "int32"), column), "float32");
  const square = tf.reshape(seen, [1, 1, query.shape[1]!, keys]);
  return padding ? tf.mul(square, padding) : square;
}
