import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type AdapterFacts, defineFused, type Kernel, type KernelSpecs } from "../op.ts";
import { foldGrid, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../wgsl.ts";
import {
  attentionScores,
  expectScoreOperands,
  type ScoreAttrs,
  type ScoreOptions,
  scoreAttrs,
} from "./snippets/attention-scores.ts";
import { workgroupMax } from "./snippets/workgroup-max.ts";
import { workgroupSum } from "./snippets/workgroup-sum.ts";

type Specs = KernelSpecs<"query" | "key", "mask">;

/** The attention probabilities themselves [batch, heads, L, S]: what Grad-CAM and `output_attentions` look at. */
export const attentionProbabilitiesOp = defineFused<"query" | "key", "mask", ScoreAttrs>({
  name: "attentionProbabilities",
  inputs: ["query", "key"],
  optional: ["mask"],
  infer(inputs, attrs) {
    const { query, key } = inputs;
    expectScoreOperands("attentionProbabilities", inputs, attrs);
    return [{ dtype: query.dtype, shape: [query.shape[0]!, attrs.heads, query.shape[1]!, key.shape[1]!] }];
  },
  define: (p, inputs, attrs) => [p.cast(p.softmax(attentionScores(p, inputs, attrs)), inputs.query.dtype)],
  flops: ({ outputs }, { headDim }) => 4 * headDim * elementCount(outputs[0]!.shape),
  lower: (specs, attrs, adapter) =>
    adapter.isCpu ? rowPerInvocation(specs, attrs, adapter) : rowPerWorkgroup(specs, attrs, adapter),
});

/**
 * softmax(query keyᵀ * scale + mask) of query [batch, L, *] and key [batch, S, *] -> [batch, heads, L, S].
 * Operands may be packed rows, as in `attention`.
 */
export function attentionProbabilities(query: Tensor, key: Tensor, options: ScoreOptions): Tensor {
  const { mask } = options;
  return apply(attentionProbabilitiesOp, { query, key, ...(mask && { mask }) }, scoreAttrs(options))[0]!;
}

/** `score(row, token)`, row being (batch * HEADS + head) * QUERIES + query. */
function header({ inputs: { query, key, mask }, outputs }: Specs, attrs: ScoreAttrs): Wgsl {
  const { headDim, queryOffset, keyOffset } = attrs;
  const extents = [headDim, queryOffset, keyOffset, lastDim(query), lastDim(key)];
  const vector = extents.every((extent) => extent % 4 === 0) ? 4 : 1;
  const padding = mask ? "mask[batch * KEYS + token]" : "1.0";
  const keep = attrs.causal ? `select(0.0, ${padding}, token <= row % QUERIES)` : padding;
  const hasMask = mask !== undefined || attrs.causal;
  return wgsl`
    ${bindings({ query, key, mask }, { y: outputs[0]! }, { vector: { query: vector, key: vector } })}
    const ROWS = ${query.shape[0]! * attrs.heads * query.shape[1]!}u;
    const HEADS = ${attrs.heads}u;
    const QUERIES = ${query.shape[1]!}u;
    const KEYS = ${key.shape[1]!}u;
    const PIECES = ${headDim / vector}u; // of a head
    const LOWEST = -1e38f; // below every score, and its differences stay finite

    fn score(row: u32, token: u32) -> f32 {
      let batch = row / (QUERIES * HEADS);
      let head = row / QUERIES % HEADS;
      let queryRow = (batch * QUERIES + row % QUERIES) * ${lastDim(query) / vector}u + ${queryOffset / vector}u + head * PIECES;
      let keyRow = (batch * KEYS + token) * ${lastDim(key) / vector}u + ${keyOffset / vector}u + head * PIECES;
      var total = 0.0;
      for (var d = 0u; d < PIECES; d++) {
        total += ${vector === 4 ? "dot(vec4f(query[queryRow + d]), vec4f(key[keyRow + d]))" : "f32(query[queryRow + d]) * f32(key[keyRow + d])"};
      }
      return total * ${f32Literal(attrs.scale)}${hasMask ? ` + (1.0 - ${keep}) * ${f32Literal(attrs.maskValue)}` : ""};
    }`;
}

/** CPU adapters: two walks over the keys, so that no unnormalised score is stored. */
function rowPerInvocation(specs: Specs, attrs: ScoreAttrs, adapter: AdapterFacts): Kernel {
  const threads = 16;
  const source = wgsl`
    ${header(specs, attrs)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = (group.y * groups.x + group.x) * ${threads}u + local.x;
      if (row >= ROWS) { return; }
      var top = LOWEST;
      var total = 0.0;
      for (var token = 0u; token < KEYS; token++) {
        let s = score(row, token);
        let next = max(top, s);
        total = total * exp(top - next) + exp(s - next);
        top = next;
      }
      for (var token = 0u; token < KEYS; token++) {
        y[row * KEYS + token] = ${specs.outputs[0]!.dtype}(exp(score(row, token) - top) / total);
      }
    }`;
  return {
    source,
    workgroups: foldGrid(Math.ceil(elementCount(specs.outputs[0]!.shape.slice(0, 3)) / threads), adapter),
  };
}

/** GPUs: 64 invocations share a row. */
function rowPerWorkgroup(specs: Specs, attrs: ScoreAttrs, adapter: AdapterFacts): Kernel {
  const threads = 64;
  const source = wgsl`
    ${header(specs, attrs)}
    ${workgroupMax(threads)}
    ${workgroupSum(threads)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = group.y * groups.x + group.x;
      if (row >= ROWS) { return; }
      var ownTop = LOWEST;
      var ownTotal = 0.0;
      for (var token = local.x; token < KEYS; token += ${threads}u) {
        let s = score(row, token);
        let next = max(ownTop, s);
        ownTotal = ownTotal * exp(ownTop - next) + exp(s - next);
        ownTop = next;
      }
      let top = workgroupMax(local.x, ownTop);
      let total = workgroupSum(local.x, ownTotal * exp(ownTop - top));
      for (var token = local.x; token < KEYS; token += ${threads}u) {
        y[row * KEYS + token] = ${specs.outputs[0]!.dtype}(exp(score(row, token) - top) / total);
      }
    }`;
  return { source, workgroups: foldGrid(elementCount(specs.outputs[0]!.shape.slice(0, 3)), adapter) };
}
