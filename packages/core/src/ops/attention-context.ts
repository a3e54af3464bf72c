import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type AdapterFacts, defineFused, type Kernel, type KernelSpecs } from "../op.ts";
import { expectFloat, expectShape, foldGrid, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { expectHeads, type HeadAttrs, mergeHeads, splitHeads } from "./snippets/attention-heads.ts";

export interface AttentionContextAttrs extends HeadAttrs {
  readonly valueOffset: number;
}

type Specs = KernelSpecs<"probabilities" | "value", never>;

/** probabilities [batch, heads, L, S] times the heads of value [batch, S, *] -> [batch, L, heads * headDim]. */
export const attentionContextOp = defineFused<"probabilities" | "value", never, AttentionContextAttrs>({
  name: "attentionContext",
  inputs: ["probabilities", "value"],
  infer({ probabilities, value }, attrs) {
    const { heads, headDim, valueOffset } = attrs;
    expectFloat("attentionContext", "probabilities", probabilities);
    expectHeads("attentionContext", "value", value, { ...attrs, offset: valueOffset });
    const queries = probabilities.shape[2] ?? 1;
    expectShape("attentionContext", "probabilities", probabilities, [value.shape[0]!, heads, queries, value.shape[1]!]);
    return [{ dtype: probabilities.dtype, shape: [value.shape[0]!, queries, heads * headDim] }];
  },
  define(p, { probabilities, value }, attrs) {
    const context = p.matmul(p.cast(probabilities, "f32"), splitHeads(p, value, attrs, attrs.valueOffset));
    return [p.cast(mergeHeads(p, context), probabilities.dtype)];
  },
  flops: ({ inputs, outputs }) => 2 * lastDim(inputs.probabilities) * elementCount(outputs[0]!.shape),
  lower: (specs, attrs, adapter) => contextKernel(specs, attrs, adapter),
});

/** The context that given probabilities make: `attention` in two steps, so that the probabilities can be looked at. */
export function attentionContext(
  probabilities: Tensor,
  value: Tensor,
  { heads, headDim, valueOffset = 0 }: HeadAttrs & { readonly valueOffset?: number },
): Tensor {
  return apply(attentionContextOp, { probabilities, value }, { heads, headDim, valueOffset })[0]!;
}

const ROWS = 4;
const THREADS = 64;

/** An invocation holds 4 queries of one piece of a head. */
function contextKernel({ inputs, outputs }: Specs, attrs: AttentionContextAttrs, adapter: AdapterFacts): Kernel {
  const { probabilities, value } = inputs;
  const y = outputs[0]!;
  const vector = [attrs.headDim, attrs.valueOffset, lastDim(value)].every((extent) => extent % 4 === 0) ? 4 : 1;
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const lines = (line: (row: number) => string) => rows.map(line).join("\n");
  const [batch, queries] = y.shape as readonly [number, number];
  const tiles = batch * Math.ceil(queries / ROWS) * (lastDim(y) / vector);
  const source = wgsl`
    ${bindings({ probabilities, value }, { y }, { vector: { value: vector, y: vector } })}
    alias Piece = ${vector === 4 ? "vec4f" : "f32"};
    const BATCH = ${batch}u;
    const HEADS = ${attrs.heads}u;
    const QUERIES = ${queries}u;
    const KEYS = ${lastDim(probabilities)}u;
    const WIDTH = ${lastDim(y) / vector}u; // pieces of an output row
    const BLOCKS = ${Math.ceil(queries / ROWS)}u; // of queries

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let index = (group.y * groups.x + group.x) * ${THREADS}u + local.x;
      let piece = index % WIDTH;
      let first = index / WIDTH % BLOCKS * ${ROWS}u;
      let batch = index / (WIDTH * BLOCKS);
      if (batch >= BATCH) { return; }
      let head = piece / ${attrs.headDim / vector}u;
      let column = batch * KEYS * ${lastDim(value) / vector}u + ${attrs.valueOffset / vector}u + piece;
      ${lines((row) => `let row${row} = ((batch * HEADS + head) * QUERIES + min(first + ${row}u, QUERIES - 1u)) * KEYS;\nvar total${row} = Piece();`)}
      for (var token = 0u; token < KEYS; token++) {
        let v = Piece(value[column + token * ${lastDim(value) / vector}u]);
        ${lines((row) => `total${row} += f32(probabilities[row${row} + token]) * v;`)}
      }
      let place = (batch * QUERIES + first) * WIDTH + piece;
      ${lines((row) => `if (first + ${row}u < QUERIES) { y[place + ${row}u * WIDTH] = ${vector === 4 ? `vec4<${y.dtype}>` : y.dtype}(total${row}); }`)}
    }`;
  return { source, workgroups: foldGrid(Math.ceil(tiles / THREADS), adapter) };
}
