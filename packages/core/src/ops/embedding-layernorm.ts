import { bindings } from "../bindings.ts";
import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectDType, expectFloat, expectRank, expectShape, lastDim, rowCount } from "../shape.ts";
import { type DType, elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { normalizeRow, normalizeRows } from "./snippets/normalize.ts";
import { rowKernel } from "./snippets/rows.ts";

export interface EmbeddingLayerNormAttrs {
  readonly eps: number;
  /** Element type of the result; tables may be stored in another. */
  readonly dtype: DType;
}

type Inputs = "inputIds" | "word" | "position" | "tokenType" | "weight" | "bias";

/** LayerNorm(word[id] + position[place] + tokenType[0]): BertEmbeddings. Ids outside the vocabulary are clamped. */
export const embeddingLayerNormOp = defineFused<Inputs, never, EmbeddingLayerNormAttrs>({
  name: "embeddingLayerNorm",
  inputs: ["inputIds", "word", "position", "tokenType", "weight", "bias"],

  infer({ inputIds, word, position, tokenType, weight, bias }, { dtype }) {
    const width = lastDim(word);
    expectRank("embeddingLayerNorm", "inputIds", inputIds, 2);
    expectDType("embeddingLayerNorm", "inputIds", inputIds, ["i32"]);
    expectFloat("embeddingLayerNorm", "word", word);
    expectRank("embeddingLayerNorm", "word", word, 2);
    expectShape("embeddingLayerNorm", "position", position, [position.shape[0] ?? 0, width]);
    expectShape("embeddingLayerNorm", "tokenType", tokenType, [tokenType.shape[0] ?? 0, width]);
    expectShape("embeddingLayerNorm", "weight", weight, [width]);
    expectShape("embeddingLayerNorm", "bias", bias, [width]);
    if (inputIds.shape[1]! > position.shape[0]!) {
      throw new ShapeError(
        `embeddingLayerNorm: ${inputIds.shape[1]} tokens need as many positions, the table has ${position.shape[0]}; truncate the text`,
      );
    }
    return [{ dtype, shape: [...inputIds.shape, width] }];
  },

  define(p, inputs, { eps, dtype }) {
    const { h } = normalizeRows(p, embed(p, inputs), eps);
    const y = p.add(p.mul(h, p.cast(inputs.weight, "f32")), p.cast(inputs.bias, "f32"));
    return [p.cast(y, dtype)];
  },

  flops: ({ outputs }) => 10 * elementCount(outputs[0]!.shape),

  lower({ inputs, outputs }, { eps }, adapter) {
    const y = outputs[0]!;
    const declarations = wgsl`
      ${bindings(inputs, { y })}
      const TOKENS = ${inputs.inputIds.shape[1]!}u;

      fn load(row: u32, i: u32) -> f32 {
        let id = u32(clamp(inputIds[row], 0, ${inputs.word.shape[0]! - 1}));
        return f32(word[id * WIDTH + i]) + f32(position[row % TOKENS * WIDTH + i]) + f32(tokenType[i]);
      }`;
    return rowKernel({ declarations, rows: rowCount(y), width: lastDim(y), adapter }, (walk) =>
      normalizeRow(walk, y.dtype, eps),
    );
  },
});

/** Sum of the three embeddings, f32 [batch, tokens, width]; the official code knows only token type 0. */
function embed(p: PrimitiveSet, inputs: Operands<Inputs, never, Tensor>): Tensor {
  const { inputIds, word, position, tokenType } = inputs;
  const width = lastDim(word);
  const rows = (table: Tensor, count: number) => p.cast(p.slice(table, [0, 0], [count, width]), "f32");
  const words = p.gather(p.cast(word, "f32"), inputIds);
  return p.add(p.add(words, rows(position, inputIds.shape[1]!)), rows(tokenType, 1));
}

/**
 * Text embeddings of inputIds i32 [batch, tokens]: LayerNorm of word [vocabulary, width] + position [places, width] +
 * row 0 of tokenType [types, width], with weight and bias [width] -> [batch, tokens, width] in `dtype` (default: that
 * of `word`).
 */
export function embeddingLayerNorm(
  inputIds: Tensor,
  word: Tensor,
  position: Tensor,
  tokenType: Tensor,
  weight: Tensor,
  bias: Tensor,
  { eps, dtype = word.dtype }: { readonly eps: number; readonly dtype?: DType },
): Tensor {
  return apply(embeddingLayerNormOp, { inputIds, word, position, tokenType, weight, bias }, { eps, dtype })[0]!;
}
