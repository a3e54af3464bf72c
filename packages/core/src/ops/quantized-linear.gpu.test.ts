import { describeOp } from "../testing/index.ts";
import { quantizedLinearOp } from "./quantized-linear.ts";

/** Any word is four or eight signed integers; the scales bring them near 1. */
const fill = {
  packed: (random: () => number) => Math.floor(random() * 2 ** 32),
  scales: (random: () => number) => (0.5 + random()) / 64,
};
const dtypes = { packed: "u32", scales: "f32" } as const;

interface Extents {
  readonly rows: number;
  readonly n: number;
  readonly k: number;
  readonly group: number;
}

function quantized(bits: 8 | 4, { rows, n, k, group }: Extents, activation = "none") {
  const shapes = { x: [rows, k], packed: [n, (k * bits) / 32], scales: [n, k / group] };
  return { shapes, dtypes, fill, attrs: { bits, group, activation }, tolerance: { atol: 1e-4 } };
}

describeOp(quantizedLinearOp, {
  // Bytes from the lowest: 1, -1, 127, -128; x = [1, 2, 3, 4] gives 1 - 2 + 381 - 512 = -132; scale 0.5, bias 6.
  "8 bits by hand": {
    shapes: { x: [1, 4], packed: [1, 1], scales: [1, 1], bias: [1] },
    dtypes,
    values: { x: [1, 2, 3, 4], packed: [0x807fff01], scales: [0.5], bias: [6] },
    attrs: { bits: 8, group: 4, activation: "none" },
    expect: [-60],
  },
  // Nibbles from the lowest: 1, -1, 7, -8, 0, 2, -2, 3; the second word holds 1 in its lowest. Scales 2 and 10.
  "4 bits by hand": {
    shapes: { x: [1, 16], packed: [1, 2], scales: [1, 2] },
    dtypes,
    values: {
      x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0],
      packed: [0x3e2087f1, 1],
      scales: [2, 10],
    },
    attrs: { bits: 4, group: 8, activation: "none" },
    // 1 - 2 + 21 - 32 + 0 + 12 - 14 + 24 = 10
    expect: [110],
  },
  "8 bits": quantized(8, { rows: 3, n: 5, k: 32, group: 8 }, "gelu"),
  "4 bits": quantized(4, { rows: 3, n: 5, k: 32, group: 16 }, "tanh"),
  "8 bits, one row": quantized(8, { rows: 1, n: 1, k: 4, group: 4 }),
  "4 bits, workgroup tiles": {
    ...quantized(4, { rows: 9, n: 66, k: 40, group: 8 }),
    gradients: false,
    adapter: { isCpu: false },
  },
  "8 bits, few rows on a GPU": {
    ...quantized(8, { rows: 2, n: 7, k: 512, group: 64 }),
    gradients: false,
    tolerance: { atol: 1e-3 },
    adapter: { isCpu: false },
  },
});
