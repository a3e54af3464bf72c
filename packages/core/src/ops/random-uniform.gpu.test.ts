import { describeOp } from "../testing/index.ts";
import { foldSeedOp } from "./fold-seed.ts";
import { randomUniformOp } from "./random-uniform.ts";

const exact = { tolerance: { rtol: 0, atol: 0 }, gradients: false } as const;
const seed = (value: number) => ({ shapes: { seed: [] }, dtypes: { seed: "u32" }, values: { seed: [value] } }) as const;

describeOp(randomUniformOp, {
  // Worked in integers of any length, outside this library.
  "the numbers of a seed": {
    ...seed(12345),
    attrs: { shape: [4] },
    expect: [0.4900261163711548, 0.3557279109954834, 0.1484660506248474, 0.9955483675003052],
    ...exact,
  },
  "seed above 2^31, odd shape": { ...seed(4_000_000_000), attrs: { shape: [3, 5, 7] }, ...exact },
  "elements folded over two grid axes": {
    ...seed(1),
    attrs: { shape: [6000] },
    adapter: { maxWorkgroupsPerDimension: 3 },
    ...exact,
  },
});

describeOp(foldSeedOp, {
  "the largest seed": { ...seed(2 ** 32 - 1), attrs: { digit: 5 }, expect: [1849655652], ...exact },
});
