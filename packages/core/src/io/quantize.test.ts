import { expect, test } from "vitest";
import { WeightError } from "./errors.ts";
import { dequantizeMatrix, quantizeMatrix } from "./quantize.ts";

const wave = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * (1 + (i % 7)));

test("a row worked by hand", () => {
  const { packed, scales } = quantizeMatrix(Float32Array.of(7, -7, 3.4, 0, 1, -1, 0.49, -0.51), 8, {
    bits: 4,
    group: 8,
  });
  expect([...scales]).toEqual([1]);
  expect(packed[0]!.toString(16)).toBe("f0f103" + "97"); // -1 0 -1 1 0 3 -7 7, the last in the lowest bits
});

test.each([
  { bits: 8, group: 4 },
  { bits: 8, group: 64 },
  { bits: 4, group: 8 },
  { bits: 4, group: 32 },
] as const)("$bits bits in groups of $group: no value moves by more than half a step", ({ bits, group }) => {
  const values = wave(3 * 128);
  const matrix = quantizeMatrix(values, 128, { bits, group });
  expect(matrix.packed.length).toBe((values.length * bits) / 32);
  const back = dequantizeMatrix(matrix, { bits, group });
  for (const [i, value] of values.entries()) {
    expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(matrix.scales[Math.floor(i / group)]! * 0.5001);
  }
});

test("zeros stay zeros; what does not divide is refused", () => {
  const options = { bits: 8, group: 4 } as const;
  expect([...dequantizeMatrix(quantizeMatrix(new Float32Array(8), 8, options), options)]).toEqual(Array(8).fill(0));
  expect(() => quantizeMatrix(new Float32Array(10), 10, options)).toThrow(WeightError);
  expect(() => quantizeMatrix(new Float32Array(16), 16, { bits: 4, group: 4 })).toThrow("groups of 4 4-bit");
});
