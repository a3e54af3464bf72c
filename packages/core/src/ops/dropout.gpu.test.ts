import { describeOp } from "../testing/index.ts";
import { dropoutOp } from "./dropout.ts";

const seed = { dtypes: { seed: "u32" }, values: { seed: [77] } } as const;

describeOp(dropoutOp, {
  "half of a row": {
    shapes: { x: [4], seed: [] },
    dtypes: seed.dtypes,
    // The seed of which random-uniform.gpu.test.ts gives the numbers.
    values: { seed: [12345], x: [1, 2, 3, 4] },
    attrs: { dropped: 2 ** 23 },
    expect: [0, 0, 0, 8],
  },
  "a tenth, odd shape": { shapes: { x: [3, 5, 7], seed: [] }, ...seed, attrs: { dropped: 1677722 } },
  "GPU variant": {
    shapes: { x: [6001], seed: [] },
    ...seed,
    attrs: { dropped: 1677722 },
    adapter: { isCpu: false, maxWorkgroupsPerDimension: 5 },
  },
});
