import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused, type Operands } from "../op.ts";
import { expectDType, expectFloat, expectShape, lastDim, rowCount } from "../shape.ts";
import type { DType, TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import type { embeddingLayerNormOp } from "./embedding-layernorm.ts";
import { embeddingRowsOp } from "./embedding-rows.ts";
import type { LayerNormAttrs } from "./layernorm.ts";
import type { LayerNormParametersAttrs } from "./layernorm-backward.ts";
import { pad } from "./pad.ts";
import {
  parameterGradientKernel,
  parameterGradients,
  rowGradientKernel,
  rowGradients,
} from "./snippets/normalize-backward.ts";

type Tables = "inputIds" | "word" | "position" | "tokenType";
const TABLES = ["inputIds", "word", "position", "tokenType"] as const;

/** The gradient of the sum of the embeddings f32 [batch, tokens, width], and the statistics of its rows. */
export const embeddingLayerNormBackwardOp = defineFused<Tables | "weight" | "dy", never, LayerNormAttrs>({
  name: "embeddingLayerNormBackward",
  inputs: [...TABLES, "weight", "dy"],
  infer(inputs) {
    const { word, weight, dy } = inputs;
    expectTables("embeddingLayerNormBackward", inputs);
    expectFloat("embeddingLayerNormBackward", "weight", weight);
    expectShape("embeddingLayerNormBackward", "weight", weight, [lastDim(word)]);
    return [
      { dtype: "f32", shape: dy.shape },
      { dtype: "f32", shape: [rowCount(dy), 2] },
    ];
  },
  define: (p, inputs, { eps }) => rowGradients(p, embed(p, inputs), { dy: inputs.dy, weight: inputs.weight, eps }),
  flops: ({ inputs: { dy } }) => 18 * rowCount(dy) * lastDim(dy),
  lower({ inputs, outputs }, { eps }, adapter) {
    const [dx, statistics] = outputs as readonly [TensorSpec, TensorSpec];
    const declarations = wgsl`
      ${bindings(inputs, { dx, statistics })}
      ${load(inputs)}`;
    const matrix = { declarations, rows: rowCount(dx), width: lastDim(dx) };
    return rowGradientKernel(matrix, { eps, dtype: dx.dtype }, adapter);
  },
});

/** dweight and dbias of the LayerNorm behind the embeddings. */
export const embeddingParametersOp = defineFused<Tables | "statistics" | "dy", never, LayerNormParametersAttrs>({
  name: "embeddingParameters",
  inputs: [...TABLES, "statistics", "dy"],
  infer(inputs, { weight, bias }) {
    expectTables("embeddingParameters", inputs);
    expectDType("embeddingParameters", "statistics", inputs.statistics, ["f32"]);
    expectShape("embeddingParameters", "statistics", inputs.statistics, [rowCount(inputs.dy), 2]);
    return [weight, bias].map((dtype) => ({ dtype, shape: [lastDim(inputs.word)] }));
  },
  define(p, inputs, { weight, bias }) {
    const [dWeight, dBias] = parameterGradients(p, embed(p, inputs), inputs);
    return [p.cast(dWeight, weight), p.cast(dBias, bias)];
  },
  flops: ({ inputs: { dy } }) => 8 * rowCount(dy) * lastDim(dy),
  lower({ inputs, outputs }, attrs, adapter) {
    const [dWeight, dBias] = outputs as readonly [TensorSpec, TensorSpec];
    const declarations = wgsl`
      ${bindings(inputs, { dWeight, dBias })}
      ${load(inputs)}`;
    return parameterGradientKernel(
      { declarations, rows: rowCount(inputs.dy), width: lastDim(inputs.dy) },
      attrs,
      adapter,
    );
  },
});

function expectTables(
  op: string,
  { inputIds, word, position, tokenType, dy }: Operands<Tables | "dy", never, TensorSpec>,
) {
  const width = lastDim(word);
  expectDType(op, "inputIds", inputIds, ["i32"]);
  expectFloat(op, "word", word);
  expectShape(op, "position", position, [position.shape[0]!, width]);
  expectShape(op, "tokenType", tokenType, [tokenType.shape[0]!, width]);
  expectShape(op, "dy", dy, [...inputIds.shape, width]);
}

function load({ inputIds, word }: Operands<Tables, never, TensorSpec>) {
  return wgsl`
    const TOKENS = ${inputIds.shape[1]!}u;

    fn load(row: u32, i: u32) -> f32 {
      let id = u32(clamp(inputIds[row], 0, ${word.shape[0]! - 1}));
      return f32(word[id * WIDTH + i]) + f32(position[row % TOKENS * WIDTH + i]) + f32(tokenType[i]);
    }`;
}

/** Sum of the three embeddings, f32 [batch, tokens, width]. */
function embed(p: PrimitiveSet, { inputIds, word, position, tokenType }: Operands<Tables, never, Tensor>): Tensor {
  const rows = (table: Tensor, count: number) => p.cast(p.slice(table, [0, 0], [count, lastDim(word)]), "f32");
  const words = p.gather(p.cast(word, "f32"), inputIds);
  return p.add(p.add(words, rows(position, inputIds.shape[1]!)), rows(tokenType, 1));
}

export const embeddingLayerNormVjp: NonNullable<(typeof embeddingLayerNormOp)["vjp"]> = (
  p,
  { inputs: { inputIds, word, position, tokenType, weight, bias }, grads },
  { eps },
) => {
  const dy = grads[0]!;
  const tables = { inputIds, word, position, tokenType };
  const [dx, statistics] = apply(embeddingLayerNormBackwardOp, { ...tables, weight, dy }, { eps }) as [Tensor, Tensor];
  const dtypes = { weight: weight.dtype, bias: bias.dtype };
  const [dWeight, dBias] = apply(embeddingParametersOp, { ...tables, statistics, dy }, dtypes);
  const [, tokens, width] = dx.shape as readonly [number, number, number];
  const padded = (rows: Tensor, table: Tensor, dtype: DType) =>
    p.cast(pad(rows, [0, 0], [table.shape[0]! - rows.shape[0]!, 0]), dtype);
  return {
    inputIds: null,
    word: apply(embeddingRowsOp, { updates: dx, inputIds }, { rows: word.shape[0]!, dtype: word.dtype })[0]!,
    position: padded(p.sumTo(dx, [tokens, width]), position, position.dtype),
    tokenType: padded(p.sumTo(dx, [1, width]), tokenType, tokenType.dtype),
    weight: dWeight!,
    bias: dBias!,
  };
};
