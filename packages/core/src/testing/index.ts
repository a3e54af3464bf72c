export { type Difference, difference, expectClose, type Tolerance } from "./allclose.ts";
export { describeGradient, type GradientCase } from "./describe-gradient.ts";
export { type DescribeOpOptions, describeOp, type OpCase } from "./describe-op.ts";
export { gradcheck } from "./gradcheck.ts";
export { gaussian, integer, testRandom, uniform } from "./random.ts";
