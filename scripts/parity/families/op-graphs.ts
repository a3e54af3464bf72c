import {
  attention,
  attentionProbabilities,
  crossEntropy,
  type DType,
  type Graph,
  gelu,
  gradients,
  l2Normalize,
  layerNorm,
  linear,
  primitives as p,
  patchEmbedding,
  type Tensor,
  type Tracer,
  trace,
} from "@albef/core";
import type { RecordedCase } from "../recorded-case.ts";

/** A graph whose outputs bear recorded names, and the given tensors it reads. */
export interface OpGraph {
  readonly graph: Graph;
  readonly inputs: readonly { readonly name: string; readonly dtype: DType }[];
}

type Given = (name: string, dtype?: DType) => Tensor;

/** The graphs of every op that the case has. */
export function opGraphs(recorded: RecordedCase): OpGraph[] {
  const eps = new Set(
    [...recorded.expected.keys()].flatMap((key) => /^out\.ln\.eps([\de.-]+)\.y\./.exec(key)?.[1] ?? []),
  );
  return [
    ...[...eps].map((text) => record(recorded, (given) => layerNormGraph(given, text, recorded))),
    ...[geluGraph, softmaxGraph, normGraph, crossEntropyGraph, attentionGraph, linearGraph, convolutionGraph].map(
      (build) => record(recorded, build),
    ),
    record(recorded, embeddingGraph),
  ];
}

function record(recorded: RecordedCase, build: (given: Given, tracer: Tracer) => Record<string, Tensor>): OpGraph {
  const inputs = new Map<string, DType>();
  const graph = trace((tracer) =>
    build((name, dtype = "f32") => {
      inputs.set(name, dtype);
      return tracer.input(name, { dtype, shape: recorded.tensor(`in.${name}`).shape });
    }, tracer),
  );
  return { graph, inputs: [...inputs].map(([name, dtype]) => ({ name, dtype })) };
}

/** Gradients for an upstream gradient `dy`. */
function backward<K extends string>(y: Tensor, dy: Tensor | null, wrt: Readonly<Record<K, Tensor>>): Record<K, Tensor> {
  const product = dy ? p.mul(y, dy) : y;
  const loss = p.reshape(
    p.sum(
      product,
      y.shape.map((_, axis) => axis),
    ),
    [],
  );
  const names = Object.keys(wrt) as K[];
  const grads = gradients(
    loss,
    names.map((name) => wrt[name]),
  );
  return Object.fromEntries(names.map((name, i) => [name, grads[i]!])) as Record<K, Tensor>;
}

/** dweight and dbias are recorded for the first rows only, those that keep their digits. */
function layerNormGraph(given: Given, eps: string, recorded: RecordedCase): Record<string, Tensor> {
  const [x, weight, bias, dy] = [given("ln.x"), given("ln.weight"), given("ln.bias"), given("ln.dy")];
  const y = layerNorm(x, weight, bias, { eps: Number(eps) });
  const prefix = `ln.eps${eps}`;
  const { dx } = backward(y, dy, { dx: x });
  const results: Record<string, Tensor> = { [`${prefix}.y`]: y, [`${prefix}.dx`]: dx };
  for (const key of recorded.expected.keys()) {
    const found = /^out\.(ln\.eps[\de.-]+)\.d(weight|bias)\.rows(\d+)to(\d+)$/.exec(key);
    if (found?.[1] !== prefix) continue;
    const [begin, end] = [Number(found[3]), Number(found[4])];
    const rows = (t: Tensor) => p.slice(t, [begin, 0], [end - begin + 1, t.shape[1]!]);
    const part = layerNorm(rows(x), weight, bias, { eps: Number(eps) });
    results[key.slice(4)] = backward(part, rows(dy), { weight, bias })[found[2] as "weight" | "bias"];
  }
  return results;
}

function geluGraph(given: Given): Record<string, Tensor> {
  const x = given("gelu.x");
  const y = gelu(x);
  return { "gelu.y": y, "gelu.dx": backward(y, null, { x }).x };
}

/** Masked as attention masks: each row is a sequence of keys one number wide, seen by a query that is 1. */
function softmaxGraph(given: Given, tracer: Tracer): Record<string, Tensor> {
  const [x, mask] = [given("softmax.x"), given("softmax.mask")];
  const [rows, columns] = x.shape as readonly [number, number];
  const query = tracer.constant({ dtype: "f32", shape: [rows, 1, 1] }, new Float32Array(rows).fill(1));
  const key = p.reshape(x, [rows, columns, 1]);
  const masked = (maskValue: number) =>
    p.reshape(attentionProbabilities(query, key, { heads: 1, headDim: 1, scale: 1, mask, maskValue }), x.shape);
  return { "softmax.self": masked(-10000), "softmax.cross": masked(-1e9) };
}

function normGraph(given: Given): Record<string, Tensor> {
  const [x, dy] = [given("norm.x"), given("norm.dy")];
  const y = l2Normalize(x);
  return { "norm.y": y, "norm.dx": backward(y, dy, { x }).x };
}

function crossEntropyGraph(given: Given): Record<string, Tensor> {
  const [logits, labels, soft] = [given("ce.logits"), given("ce.labels", "i32"), given("ce.soft")];
  const perRow = crossEntropy(logits, { labels });
  const counted = p.greater(p.cast(labels, "f32"), p.fill(labels, [], -1));
  const hard = p.reshape(p.div(p.sum(perRow), p.sum(counted)), []);
  const mean = p.reshape(p.mean(crossEntropy(logits, { targets: soft })), []);
  return {
    "ce.none": perRow,
    "ce.mean": hard,
    "ce.dlogits": gradients(hard, [logits])[0]!,
    "softce.mean": mean,
    "softce.dlogits": gradients(mean, [logits])[0]!,
  };
}

/** The recording has heads apart [batch, heads, tokens, headDim]; the op has them side by side. */
function attentionGraph(given: Given): Record<string, Tensor> {
  const [q, k, v, dy, mask] = [given("att.q"), given("att.k"), given("att.v"), given("att.dy"), given("att.mask")];
  const [, heads, , headDim] = q.shape as readonly [number, number, number, number];
  const merge = (x: Tensor) => {
    const [batch, , tokens] = x.shape as readonly [number, number, number];
    return p.reshape(p.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
  };
  const context = attention(merge(q), merge(k), merge(v), { heads, headDim, scale: headDim ** -0.5, mask });
  const [batch, tokens] = context.shape as readonly [number, number];
  const y = p.transpose(p.reshape(context, [batch, tokens, heads, headDim]), [0, 2, 1, 3]);
  const { dq, dk, dv } = backward(y, dy, { dq: q, dk: k, dv: v });
  return { "att.y": y, "att.dq": dq, "att.dk": dk, "att.dv": dv };
}

function linearGraph(given: Given): Record<string, Tensor> {
  const [x, weight, bias] = [given("lin.x"), given("lin.weight"), given("lin.bias")];
  const y = linear(x, weight, { bias });
  const { dx, dweight, dbias } = backward(y, given("lin.dy"), { dx: x, dweight: weight, dbias: bias });
  return { "lin.y": y, "lin.dx": dx, "lin.dweight": dweight, "lin.dbias": dbias };
}

/** The patch convolution, without class token and positions. */
function convolutionGraph(given: Given, tracer: Tracer): Record<string, Tensor> {
  const [x, weight, bias] = [given("conv.x"), given("conv.weight"), given("conv.bias")];
  const [width, , patchSize] = weight.shape as readonly [number, number, number];
  const [batch, , height] = x.shape as readonly [number, number, number];
  const side = height / patchSize;
  const zeros = (...shape: number[]) =>
    tracer.constant({ dtype: "f32", shape }, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  const tokens = patchEmbedding(x, weight, bias, zeros(1, 1, width), zeros(1, side * side + 1, width), { patchSize });
  const patches = p.slice(tokens, [0, 1, 0], [batch, side * side, width]);
  const y = p.reshape(p.transpose(patches, [0, 2, 1]), [batch, width, side, side]);
  const { dx, dweight, dbias } = backward(y, given("conv.dy"), { dx: x, dweight: weight, dbias: bias });
  return { "conv.y": y, "conv.dx": dx, "conv.dweight": dweight, "conv.dbias": dbias };
}

/** The official embedding has padding_idx 0: lookups of id 0 send no gradient. */
function embeddingGraph(given: Given): Record<string, Tensor> {
  const [table, ids] = [given("emb.table"), given("emb.ids", "i32")];
  const y = p.gather(table, ids);
  const keep = p.greater(p.cast(ids, "f32"), p.fill(ids, ids.shape, 0));
  const dy = p.mul(given("emb.dy"), p.reshape(keep, [...ids.shape, 1]));
  return { "emb.y": y, "emb.dtable": backward(y, dy, { table }).table };
}
