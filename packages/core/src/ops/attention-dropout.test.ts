import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { printGraph } from "../graph/print.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Tracer, trace, tracerOf } from "../graph/trace.ts";
import { expectClose } from "../testing/allclose.ts";
import { gradcheck } from "../testing/gradcheck.ts";
import { gaussian, testRandom } from "../testing/random.ts";
import { attention } from "./attention.ts";
import { attentionContext } from "./attention-context.ts";
import { droppedAttention } from "./attention-dropout.ts";
import { attentionProbabilities } from "./attention-probabilities.ts";
import { dropout } from "./dropout.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
const seedSpec = { dtype: "u32" as const, shape: [] };
const heads = { heads: 2, headDim: 3, scale: 0.5 };

function draw(count: number, seed: number): Float64Array {
  const random = testRandom(seed);
  return Float64Array.from({ length: count }, () => gaussian()(random));
}

const maskOf = (tracer: Tracer, keep: readonly number[]) => tracer.constant(f32(2, 5), Float32Array.from(keep));

test("it is dropout between attention's probabilities and the values, by the same stream", () => {
  const graph = trace((tracer) => {
    const [q, k, v] = ["q", "k", "v"].map((name) => tracer.input(name, f32(2, 5, 6))) as [Tensor, Tensor, Tensor];
    const drop = { rate: 0.4, seed: tracer.input("seed", seedSpec), stream: 21 };
    const options = { ...heads, causal: true, mask: maskOf(tracer, [1, 1, 1, 0, 0, 1, 1, 1, 1, 0]) };
    const probabilities = dropout(attentionProbabilities(q, k, options), drop);
    return {
      fused: droppedAttention(q, k, v, { ...options, dropout: drop }),
      steps: attentionContext(probabilities, v, heads),
      whole: attention(q, k, v, options),
    };
  });
  const seed = Uint32Array.of(5);
  const { fused, steps, whole } = evaluateF64(graph, {
    inputs: { q: draw(60, 1), k: draw(60, 2), v: draw(60, 3), seed },
  });
  expectClose("context", fused!.data, steps!.data, { rtol: 1e-12, atol: 1e-12 });
  expect(fused!.data).not.toEqual(whole!.data);
});

test("the expectation over seeds is attention without dropout", () => {
  const graph = trace((tracer) => {
    const [q, k, v] = ["q", "k", "v"].map((name) => tracer.input(name, f32(1, 3, 6))) as [Tensor, Tensor, Tensor];
    const seed = tracer.input("seed", seedSpec);
    return {
      y: droppedAttention(q, k, v, { ...heads, dropout: { rate: 0.3, seed } }),
      exact: attention(q, k, v, heads),
    };
  });
  const mean = new Float64Array(18);
  const draws = 500;
  let exact: ArrayLike<number> = mean;
  for (let seed = 0; seed < draws; seed++) {
    const inputs = { q: draw(18, 1), k: draw(18, 2), v: draw(18, 3), seed: Uint32Array.of(seed) };
    const run = evaluateF64(graph, { inputs });
    exact = run.exact!.data;
    for (const [i, y] of run.y!.data.entries()) mean[i]! += y / draws;
  }
  expectClose("mean", mean, exact, { rtol: 0, atol: 0.12 }); // four standard errors
});

test("gradients under a padding mask and the causal order", () => {
  const specs = { query: f32(2, 5, 6), key: f32(2, 5, 6), value: f32(2, 5, 6) };
  const values = { query: draw(60, 1), key: draw(60, 2), value: draw(60, 3) };
  gradcheck(specs, values, ({ query, key, value }) => {
    const tracer = tracerOf(query!.tape);
    const seed = tracer.constant(seedSpec, Uint32Array.of(9));
    const mask = maskOf(tracer, [1, 1, 1, 0, 0, 1, 1, 1, 1, 0]);
    return [droppedAttention(query!, key!, value!, { ...heads, causal: true, mask, dropout: { rate: 0.3, seed } })];
  });
});

test("rate 0 is attention itself", () => {
  const graphOf = (attend: typeof droppedAttention) =>
    trace((tracer) => {
      const x = tracer.input("x", f32(1, 2, 6));
      const seed = tracer.input("seed", seedSpec);
      return { y: attend(x, x, x, { ...heads, dropout: { rate: 0, seed } }) };
    });
  expect(printGraph(graphOf(droppedAttention))).toBe(printGraph(graphOf(attention)));
});

test.each([
  [1, seedSpec, /rate must be from 0 to below 1, got 1/],
  [0.1, f32(), /seed must be u32, got f32\[\]/],
  [0.1, { dtype: "u32" as const, shape: [2] }, /seed must have shape \[\]/],
])("refuses rate %o with a seed %o", (rate, spec, message) => {
  const build = () =>
    trace((tracer) => {
      const x = tracer.input("x", f32(1, 2, 6));
      return { y: droppedAttention(x, x, x, { ...heads, dropout: { rate, seed: tracer.input("seed", spec) } }) };
    });
  expect(build).toThrow(message);
});
