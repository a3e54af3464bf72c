import { evaluateF64, type Tensor, trace } from "@albef/core";
import { expect, test } from "vitest";
import { itcLoss, pairTargets, sharedTargets, softenedTargets } from "./itc-loss.ts";
import { hardNegativeWeights, itmLoss, officialNegativeWeights, uniformNegativeWeights } from "./itm-loss.ts";
import { IGNORED_LABEL, mlmLoss } from "./mlm-loss.ts";

type Rows = readonly (readonly number[])[];

/** Runs a graph of matrices in double precision. */
function evaluate(inputs: Readonly<Record<string, Rows>>, build: (given: Record<string, Tensor>) => Tensor): number[] {
  const graph = trace((tracer) => {
    const given = Object.entries(inputs).map(([name, rows]) => {
      const spec = { dtype: "f32", shape: [rows.length, rows[0]!.length] } as const;
      return [name, tracer.input(name, spec)] as const;
    });
    return { result: build(Object.fromEntries(given)) };
  });
  const flat = Object.entries(inputs).map(([name, rows]) => [name, Float32Array.from(rows.flat())] as const);
  return Array.from(evaluateF64(graph, { inputs: Object.fromEntries(flat), parameters: {} }).result!.data);
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[]): void {
  for (const [i, value] of wanted.entries()) expect(actual[i]).toBeCloseTo(value, 6);
}

const sure: Rows = [
  [60, 0, Math.log(3)],
  [0, 60, 0],
  [1, 1, 60],
];
const matches: Rows = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

test("hard negatives of a row that is sure of its match: the likeliest others, where the official code has none", () => {
  const careful = evaluate({ sure, matches }, (given) => hardNegativeWeights(given.sure!, given.matches!));
  expectClose(careful, [0, 0.25, 0.75, 0.5, 0, 0.5, 0.5, 0.5, 0]);
  const official = evaluate({ sure, matches }, (given) => officialNegativeWeights(given.sure!, given.matches!));
  expect(Math.max(...official)).toBeLessThan(1e-20);
  const even = evaluate({ matches }, (given) => uniformNegativeWeights(given.matches!));
  expect(even).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0]);
});

test("contrast worked by hand: two pairs that cannot be told apart cost log 2", () => {
  const same: Rows = [
    [3, 3],
    [3, 3],
  ];
  const [loss] = evaluate({ same }, ({ same: similarities }) => {
    const targets = pairTargets(similarities!, 2, 2);
    const side = { similarities: similarities!, targets };
    return itcLoss(side, side);
  });
  expect(loss).toBeCloseTo(Math.log(2), 12);
});

test("captions of one image share their targets; the teacher's softmax is mixed in by alpha", () => {
  const graph = trace((tracer) => {
    const ids = tracer.input("ids", { dtype: "i32", shape: [2] });
    const all = tracer.input("all", { dtype: "i32", shape: [4] });
    const alpha = tracer.input("alpha", { dtype: "f32", shape: [] });
    const scores = tracer.input("scores", { dtype: "f32", shape: [2, 4] });
    const shared = sharedTargets(ids, all);
    return { shared, soft: softenedTargets(scores, shared, alpha) };
  });
  const inputs = {
    ids: Int32Array.of(5, 6),
    all: Int32Array.of(5, 6, 5, -100),
    alpha: Float32Array.of(0.4),
    scores: new Float32Array(8),
  };
  const { shared, soft } = evaluateF64(graph, { inputs, parameters: {} });
  expect([...shared!.data]).toEqual([0.5, 0, 0.5, 0, 0, 1, 0, 0]);
  expectClose(soft!.data, [0.4, 0.1, 0.4, 0.1, 0.1, 0.7, 0.1, 0.1]);
});

test("matching: the first rows are matches, the others are not", () => {
  const logits: Rows = [
    [0, 100],
    [100, 0],
    [0, 0],
  ];
  const [loss] = evaluate({ logits }, (given) => itmLoss(given.logits!, 1));
  expect(loss).toBeCloseTo(Math.log(2) / 3, 12);
});

test("hidden words: the mean over them alone; none is 0, or NaN as official", () => {
  const loss = (labels: readonly number[], faithful: boolean) => {
    const graph = trace((tracer) => {
      const logits = tracer.input("logits", { dtype: "f32", shape: [1, 3, 4] });
      return { loss: mlmLoss(logits, { labels: tracer.input("labels", { dtype: "i32", shape: [1, 3] }), faithful }) };
    });
    const logits = Float32Array.of(0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0);
    return evaluateF64(graph, { inputs: { logits, labels: Int32Array.from(labels) }, parameters: {} }).loss!.data[0];
  };
  expect(loss([2, 0, IGNORED_LABEL], false)).toBeCloseTo(Math.log(4) / 2, 6);
  expect(loss(Array(3).fill(IGNORED_LABEL), false)).toBe(0);
  expect(loss(Array(3).fill(IGNORED_LABEL), true)).toBeNaN();
});
