import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Operands, Vjp } from "../op.ts";
import { lastDim } from "../shape.ts";
import type { AttentionAttrs } from "./attention.wgsl.ts";
import { attentionGradientOp, fillsRows } from "./attention-gradient.ts";
import { attentionStatisticsOp } from "./attention-statistics.ts";
import type { DropoutAttrs } from "./dropout.ts";
import { pad } from "./pad.ts";
import { offsetOf } from "./snippets/attention-gradient-attrs.ts";
import type { Attended } from "./snippets/attention-gradient-sides.ts";

type Attrs = AttentionAttrs & Partial<DropoutAttrs>;
type Gradients = Readonly<Record<Attended, Tensor | null>>;

/** Flash attention backward: a statistic per row of scores, then P again, tile by tile. */
export const attentionVjp: Vjp<Attended, "mask" | "seed", Attrs> = (p, { inputs, outputs, grads }, attrs) => {
  const { mask } = inputs;
  const [context, logSumExp] = outputs as readonly [Tensor, Tensor];
  const dContext = grads[0] ?? p.fill(context, context.shape, 0, context.dtype);
  const dLogSumExp = grads[1];
  const { heads, headDim, causal } = attrs;
  const statistics = apply(
    attentionStatisticsOp,
    { context, dContext, logSumExp, ...(dLogSumExp && { dLogSumExp }), ...(mask && { mask }) },
    { heads, headDim, causal },
  )[0]!;
  const operands = { ...inputs, dContext, statistics };
  return { ...gradients(operands, attrs), mask: null, seed: null };
};

type GradientOperands = Operands<Attended | "dContext" | "statistics", "mask" | "seed", Tensor>;

function gradients(inputs: GradientOperands, attrs: Attrs): Gradients {
  const { query, key, value } = inputs;
  const all = { ...attrs, dropped: attrs.dropped ?? 0, of: ["query", "key", "value"] as const, packed: false };
  if (query.id === key.id && query.id === value.id && fillsRows(lastDim(query), attrs)) {
    return { query: apply(attentionGradientOp, inputs, { ...all, packed: true })[0]!, key: null, value: null };
  }
  const made: [Attended, Tensor][] = dispatchesOf(inputs).flatMap((of) => {
    const results = apply(attentionGradientOp, inputs, { ...all, of });
    return of.map((name, i): [Attended, Tensor] => [name, packRows(results[i]!, inputs[name], offsetOf(name, attrs))]);
  });
  return Object.fromEntries(made) as Record<Attended, Tensor>;
}

/** Which gradients are made together: a dispatch binds 8 storage buffers at most, 5 of them are always there. */
function dispatchesOf({ mask, seed }: GradientOperands): readonly (readonly Attended[])[] {
  if (mask && seed) return [["query"], ["key"], ["value"]];
  return mask || seed ? [["query"], ["key", "value"]] : [["query", "key", "value"]];
}

/** A gradient put where its heads lie in the packed rows of `like`, zeros elsewhere. */
function packRows(rows: Tensor, like: Tensor, offset: number): Tensor {
  const after = lastDim(like) - offset - lastDim(rows);
  return offset === 0 && after === 0 ? rows : pad(rows, [0, 0, offset], [0, 0, after]);
}
