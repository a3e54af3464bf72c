import { evaluateF64, trace } from "@albef/core";
import { expect, test } from "vitest";
import { assignImages, assignmentWeights, twoNegatives } from "./text-assignment.ts";

const BATCH = 3;

/** Runs the choice of images on given uniforms: u1, u2, and one for each negative. */
function assigned(weights: readonly number[], uniforms: readonly (readonly number[])[]) {
  const graph = trace((tracer) => {
    const vector = (name: string) => tracer.input(name, { dtype: "f32", shape: [BATCH] });
    const table = tracer.input("weights", { dtype: "f32", shape: [BATCH, BATCH] });
    const negatives = twoNegatives(table, [vector("n1"), vector("n2")]);
    const { first, second, labels } = assignImages([vector("u1"), vector("u2")], negatives);
    return { first, second, labels, one: negatives[0], two: negatives[1] };
  });
  const [u1, u2, n1, n2] = uniforms.map((row) => Float32Array.from(row));
  const inputs = { weights: Float32Array.from(weights), u1: u1!, u2: u2!, n1: n1!, n2: n2! };
  const results = evaluateF64(graph, { inputs, parameters: {} });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
}

const even = [0, 1, 1, 1, 0, 1, 1, 1, 0];

test("own first, own second, neither: worked by hand", () => {
  const { first, second, labels } = assigned(even, [
    [0.9, 0.4, 0.3],
    [0.6, 0.5, 0.9],
    [0.1, 0.9, 0.1],
    [0.5, 0.5, 0.5],
  ]);
  expect(labels).toEqual([0, 1, 2]);
  expect(first).toEqual([0, 2, 0]); // text 2 sees images 0 and 1
  expect(second).toEqual([1, 1, 1]);
});

test("two negatives differ and are never the own image; likelier ones come more often", () => {
  const weights = [0, 9, 1, 9, 0, 1, 9, 1, 0];
  const counts = [0, 0];
  for (let i = 0; i < 40; i++) {
    const draw = (row: number) => Array.from({ length: BATCH }, (_, b) => (((i * 7 + b * 3 + row) % 40) + 0.5) / 40);
    const { one, two } = assigned(weights, [draw(0), draw(1), draw(2), draw(3)]) as { one: number[]; two: number[] };
    for (const b of [0, 1, 2]) expect(new Set([b, one[b], two[b]]).size).toBe(3);
    counts[one[0] === 1 ? 0 : 1]!++;
  }
  expect(counts).toEqual([36, 4]);
});

test("chances by likeness: the own image left out before the softmax, or as official after it", () => {
  const weightsOf = (faithful: boolean) => {
    const graph = trace((tracer) => {
      const features = tracer.input("features", { dtype: "f32", shape: [BATCH, 2] });
      return { weights: assignmentWeights(features, { faithful }).weights };
    });
    const features = Float32Array.of(1, 0, 0, 1, 0, -1);
    return [...evaluateF64(graph, { inputs: { features }, parameters: {} }).weights!.data].slice(0, BATCH);
  };
  const [own, ...others] = weightsOf(false);
  expect(own).toBe(0);
  for (const share of others) expect(share).toBeCloseTo(0.5, 12);
  const rest = Math.exp(-1 / 0.07);
  for (const share of weightsOf(true).slice(1)) expect(share).toBeCloseTo(rest / (1 + 2 * rest), 12);
});
