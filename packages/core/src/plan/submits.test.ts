import { expect, test } from "vitest";
import { splitSubmits, submitPace } from "./submits.ts";

test("submits hold no more than the limit, unless one dispatch alone does", () => {
  expect(splitSubmits([4, 4, 4, 20, 1, 1], 8)).toEqual([2, 3, 4, 6]);
  expect(splitSubmits([], 8)).toEqual([]);
});

test("a slow device gets shorter submits, a fast one longer, each near 50 ms in a few runs", () => {
  const flops = Array.from({ length: 100 }, () => 10);
  const submitMs = (perMs: number, initial: number) => {
    const pace = submitPace(flops, initial);
    for (let run = 0; run < 6; run++) pace.learn(1000 / perMs);
    return 1000 / perMs / pace.ends().length;
  };
  for (const [perMs, initial] of [
    [1, 1000],
    [1, 10],
    [5, 10],
  ] as const) {
    expect(submitMs(perMs, initial)).toBeGreaterThan(25);
    expect(submitMs(perMs, initial)).toBeLessThan(75);
  }
});

test("short runs and small differences change nothing", () => {
  const pace = submitPace([10, 10, 10, 10], 20);
  const ends = pace.ends();
  pace.learn(3);
  pace.learn(120); // 17 in 50 ms
  expect(pace.ends()).toBe(ends);
});
