import { expect, test } from "vitest";
import { fromHalf, toHalf } from "./half.ts";

test("every half survives the round trip", () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = fromHalf(half);
    if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
    else if (toHalf(value) !== half) expect.fail(`${half} came back as ${toHalf(value)}`);
  }
});

test("rounds to nearest, ties to even, and overflows to infinity", () => {
  expect(toHalf(1 + 2 ** -11)).toBe(0x3c00);
  expect(toHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
  expect(toHalf(65519)).toBe(0x7bff);
  expect(toHalf(65520)).toBe(0x7c00);
  expect(toHalf(2 ** -25)).toBe(0);
  expect(toHalf(2 ** -25 * 1.01)).toBe(1);
  expect(toHalf(-0)).toBe(0x8000);
});
