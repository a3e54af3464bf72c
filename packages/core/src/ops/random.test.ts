import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { type Tracer, trace } from "../graph/trace.ts";
import { dropout } from "./dropout.ts";
import { randomUniform } from "./random-uniform.ts";

const draw = (seed: number, streams: readonly number[], count = 4096) => {
  const graph = trace((tracer) => {
    const given = seedOf(tracer);
    return Object.fromEntries(streams.map((stream) => [stream, randomUniform([count], { seed: given, stream })]));
  });
  const values = evaluateF64(graph, { inputs: { seed: Uint32Array.of(seed) } });
  return streams.map((stream) => [...values[stream]!.data]);
};

function seedOf(tracer: Tracer) {
  return tracer.input("seed", { dtype: "u32", shape: [] });
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const correlation = (a: readonly number[], b: readonly number[]) =>
  12 * mean(a.map((v, i) => (v - 0.5) * (b[i]! - 0.5)));

test("numbers are uniform in [0, 1) and neighbours do not depend on each other", () => {
  const [numbers] = draw(3, [0], 2 ** 16) as [number[]];
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((v) => Math.floor(v * 10) === i).length / 2 ** 16);
  for (const share of tenths) expect(Math.abs(share - 0.1)).toBeLessThan(0.005); // 4 standard deviations
  expect(Math.abs(correlation(numbers.slice(1), numbers))).toBeLessThan(0.016);
});

test("streams and seeds give different numbers, the same ones give the same", () => {
  const streams = [0, 1, 15, 16, 17, 255, 256];
  const sequences = [...draw(1, streams), ...draw(2, streams)];
  for (const [i, a] of sequences.entries()) {
    for (const b of sequences.slice(0, i)) expect(Math.abs(correlation(a, b))).toBeLessThan(0.07);
  }
  expect(draw(1, [16])).toEqual([sequences[3]]);
});

test("dropout keeps the expectation and names a wrong rate", () => {
  const graph = trace((tracer) => {
    const x = tracer.input("x", { dtype: "f32", shape: [2 ** 14] });
    return { y: dropout(x, { rate: 0.1, seed: seedOf(tracer), stream: 3 }) };
  });
  const { y } = evaluateF64(graph, { inputs: { x: new Float64Array(2 ** 14).fill(1), seed: Uint32Array.of(5) } });
  expect(Math.abs(mean([...y!.data]) - 1)).toBeLessThan(0.011);
  const wrong =
    (rate: number, stream = 0) =>
    () =>
      trace((tracer) => {
        const x = tracer.input("x", { dtype: "f32", shape: [2] });
        return { y: dropout(x, { rate, seed: seedOf(tracer), stream }) };
      });
  expect(wrong(1)).toThrow("dropout: rate must be from 0 to below 1, got 1");
  expect(wrong(0.5, -1)).toThrow("random: stream must be a whole number");
});
