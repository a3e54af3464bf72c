import { expect, test } from "vitest";
import { drawInteger, philox, randomAt } from "./random.ts";

test("philox gives the words of the authors' known answers", () => {
  const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  const ones = 0xffffffff;
  expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  const pi = philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
  expect(hex(pi)).toBe("d16cfe09 94fdcceb 5001e420 24126ea1");
});

test("a place gives the same draws from any position on, and others elsewhere", () => {
  const draws = (seed: number, stream: number[], position = 0) => {
    const draw = randomAt({ seed, stream }, position);
    return Array.from({ length: 9 }, draw);
  };
  const all = draws(7, [1, 2, 3]);
  expect(draws(7, [1, 2, 3], 5).slice(0, 4)).toEqual(all.slice(5));
  for (const other of [draws(8, [1, 2, 3]), draws(7, [1, 2, 4]), draws(7 + 2 ** 32, [1, 2, 3])]) {
    expect(other).not.toEqual(all);
  }
});

test("draws are even in [0, 1)", () => {
  const draw = randomAt({ seed: 42, stream: [] });
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) counts[drawInteger(draw, 10)]!++;
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200); // 4.7 standard deviations
});

test("a place that is none is refused", () => {
  expect(() => randomAt({ seed: -1, stream: [] })).toThrow(/seed must be/);
  expect(() => randomAt({ seed: 1, stream: [0.5] })).toThrow(/stream must be/);
  expect(() => randomAt({ seed: 1, stream: [1, 2, 3, 4] })).toThrow(/up to three/);
});
