import { describeOp } from "../testing/index.ts";
import { unpackOp } from "./unpack.ts";

describeOp(unpackOp, {
  "bytes by hand": {
    shapes: { x: [1, 2] },
    dtypes: { x: "u32" },
    values: { x: [0x807fff01, 0x000000fe] },
    attrs: { bits: 8 },
    expect: [1, -1, 127, -128, -2, 0, 0, 0],
    gradients: false,
  },
  "nibbles by hand": {
    shapes: { x: [1] },
    dtypes: { x: "u32" },
    values: { x: [0x3e2087f1] },
    attrs: { bits: 4 },
    expect: [1, -1, 7, -8, 0, 2, -2, 3],
    gradients: false,
  },
});
