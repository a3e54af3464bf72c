import { describeOp, integer, type OpCase } from "../testing/index.ts";
import { topKOp } from "./top-k.ts";

const exact = { rtol: 0, atol: 0 };

function rows(count: number, n: number, k: number, more: Partial<OpCase> = {}): OpCase {
  return {
    shapes: { x: [count, n] },
    ...more,
    attrs: { k, segments: 1, ascending: false, ...more.attrs },
    tolerance: exact,
  };
}
const equals = { fill: { x: integer(3) }, gradients: false }; // steps: no slope at ties

describeOp(topKOp, {
  // Worked by hand; -0 equals 0, so the higher index decides. A second output holds the indices.
  "values of a row": rows(1, 6, 4, { values: { x: [2, -0, 5, 0, -3, 1] }, expect: [5, 2, 1, 0], gradients: false }),
  "one of one": rows(1, 1, 1),
  "all of a row": rows(3, 5, 5),
  "several rows": rows(3, 101, 7),
  "equals: the higher index first": rows(2, 300, 11, equals),
  "all equal": rows(1, 700, 100, { values: { x: Array(700).fill(4) }, gradients: false }),
  "segments, ascending": rows(2, 103, 9, { ...equals, attrs: { segments: 5, ascending: true } }),
  infinities: rows(1, 9, 5, {
    values: { x: [1, -Infinity, Infinity, 3, Infinity, -Infinity, -1, 0, 2] },
    gradients: false,
  }),
  "NaN above all": rows(2, 5, 4, {
    values: { x: [1, NaN, 7, -Infinity, 3, NaN, 1, NaN, NaN, 2] },
    gradients: false,
  }),
  "the largest k": rows(1, 2003, 1024, { gradients: false }),
  "grid folded over two axes": rows(7, 6, 2, { adapter: { maxWorkgroupsPerDimension: 3 }, gradients: false }),
});
