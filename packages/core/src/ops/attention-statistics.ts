import { bindings } from "../bindings.ts";
import { type AdapterFacts, defineFused, type Kernel, type KernelSpecs } from "../op.ts";
import { expectDType, expectShape, foldGrid, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { expectHeads, type HeadAttrs, splitHeads } from "./snippets/attention-heads.ts";
import { keptKeys } from "./snippets/attention-scores.ts";

export interface AttentionStatisticsAttrs extends HeadAttrs {
  readonly causal: boolean;
}

type Inputs = "context" | "dContext" | "logSumExp";

/**
 * What the gradients of attention need to know of a row of scores: f32 [planes, batch, heads, L], the planes being its
 * log-sum-exp, rowsum(dO * O) - dlse (what softmax takes off every dP), and under a padding mask the largest mask value
 * that the query sees.
 */
export const attentionStatisticsOp = defineFused<Inputs, "dLogSumExp" | "mask", AttentionStatisticsAttrs>({
  name: "attentionStatistics",
  inputs: ["context", "dContext", "logSumExp"],
  optional: ["dLogSumExp", "mask"],
  infer({ context, dContext, logSumExp, dLogSumExp, mask }, attrs) {
    expectHeads("attentionStatistics", "context", context, { ...attrs, offset: 0 });
    const rows = [context.shape[0]!, attrs.heads, context.shape[1]!];
    expectShape("attentionStatistics", "context", context, [rows[0]!, rows[2]!, attrs.heads * attrs.headDim]);
    expectShape("attentionStatistics", "dContext", dContext, context.shape);
    for (const [name, spec] of Object.entries({ logSumExp, ...(dLogSumExp && { dLogSumExp }) })) {
      expectDType("attentionStatistics", name, spec, ["f32"]);
      expectShape("attentionStatistics", name, spec, rows);
    }
    if (mask) {
      expectDType("attentionStatistics", "mask", mask, ["f32"]);
      expectShape("attentionStatistics", "mask", mask, [rows[0]!, lastDim(mask)]);
    }
    return [{ dtype: "f32", shape: [mask ? 3 : 2, ...rows] }];
  },
  define(p, { context, dContext, logSumExp, dLogSumExp, mask }, attrs) {
    const plane = [1, ...logSumExp.shape];
    const rowSum = p.reshape(p.sum(p.mul(splitHeads(p, dContext, attrs), splitHeads(p, context, attrs))), plane);
    const shift = dLogSumExp ? p.sub(rowSum, p.reshape(dLogSumExp, plane)) : rowSum;
    const planes = [p.reshape(logSumExp, plane), shift];
    if (!mask) return [p.concat(planes, 0)];
    const keep = keptKeys(p, context, mask, { causal: attrs.causal, keys: lastDim(mask) })!;
    const seen = p.broadcastTo(p.max(keep), [...logSumExp.shape, 1]);
    return [p.concat([...planes, p.reshape(seen, plane)], 0)];
  },
  flops: ({ inputs }) => 2 * elementCount(inputs.context.shape),
  lower: (specs, attrs, adapter) => statisticsKernel(specs, attrs, adapter),
});

const THREADS = 64;

/** An invocation per row of scores. */
function statisticsKernel(
  { inputs, outputs }: KernelSpecs<Inputs, "dLogSumExp" | "mask">,
  { heads, headDim, causal }: AttentionStatisticsAttrs,
  adapter: AdapterFacts,
): Kernel {
  const { context, dContext, logSumExp, dLogSumExp, mask } = inputs;
  const vector = headDim % 4 === 0 ? 4 : 1;
  const rows = elementCount(logSumExp.shape);
  const seen = wgsl`
    var seen = 0.0;
    for (var key = 0u; key < ${causal ? "min(query + 1u, KEYS)" : "KEYS"}; key++) { seen = max(seen, mask[batch * KEYS + key]); }
    statistics[2u * ROWS + row] = seen;`;
  const source = wgsl`
    ${bindings({ context, dContext, logSumExp, dLogSumExp, mask }, { statistics: outputs[0]! }, { vector: { context: vector, dContext: vector } })}
    const ROWS = ${rows}u;
    const HEADS = ${heads}u;
    const QUERIES = ${logSumExp.shape[2]!}u;
    const KEYS = ${mask ? lastDim(mask) : 0}u;
    const PIECES = ${headDim / vector}u; // of a head

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let i = (group.y * groups.x + group.x) * ${THREADS}u + local.x; // in the order of memory: heads fastest
      if (i >= ROWS) { return; }
      let batch = i / (HEADS * QUERIES);
      let query = i / HEADS % QUERIES;
      let row = (batch * HEADS + i % HEADS) * QUERIES + query;
      var total = 0.0;
      for (var d = i * PIECES; d < (i + 1u) * PIECES; d++) {
        total += ${vector === 4 ? "dot(vec4f(context[d]), vec4f(dContext[d]))" : "f32(context[d]) * f32(dContext[d])"};
      }
      statistics[row] = logSumExp[row];
      statistics[ROWS + row] = total${dLogSumExp ? " - dLogSumExp[row]" : ""};
      ${mask ? seen : ""}
    }`;
  return { source, workgroups: foldGrid(Math.ceil(rows / THREADS), adapter) };
}
