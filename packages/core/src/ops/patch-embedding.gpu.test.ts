import { describeOp, type OpCase } from "../testing/index.ts";
import { patchEmbeddingOp } from "./patch-embedding.ts";

interface Extents {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly patchSize: number;
  readonly features: number;
}

function image(extents: Extents, more: Partial<OpCase> = {}): OpCase {
  const { batch, channels, height, width, patchSize, features } = extents;
  const tokens = (height / patchSize) * (width / patchSize) + 1;
  return {
    shapes: {
      image: [batch, channels, height, width],
      weight: [features, channels, patchSize, patchSize],
      bias: [features],
      clsToken: [1, 1, features],
      position: [1, tokens, features],
    },
    attrs: { patchSize },
    ...more,
  };
}

describeOp(patchEmbeddingOp, {
  // Worked by hand: patches of 2 pixels in a 2 x 4 image; weight (1, 10, 100, 1000) reads them row by row.
  "two patches": image(
    { batch: 1, channels: 1, height: 2, width: 4, patchSize: 2, features: 1 },
    {
      values: {
        image: [1, 2, 3, 4, 5, 6, 7, 8],
        weight: [1, 10, 100, 1000],
        bias: [0.5],
        clsToken: [7],
        position: [0.25, 0, 1],
      },
      expect: [7.25, 6521.5, 8744.5],
      gradients: false,
    },
  ),
  "pieces of four, several tiles": image({ batch: 2, channels: 3, height: 8, width: 12, patchSize: 4, features: 9 }),
  "odd patches": image({ batch: 1, channels: 3, height: 6, width: 6, patchSize: 3, features: 5 }),
  "patches of one pixel": image({ batch: 3, channels: 1, height: 1, width: 1, patchSize: 1, features: 1 }),
  "grid folded over two axes": image(
    { batch: 2, channels: 1, height: 8, width: 8, patchSize: 2, features: 33 },
    { adapter: { maxWorkgroupsPerDimension: 5 }, gradients: false },
  ),
  "workgroup tiles": image(
    { batch: 2, channels: 3, height: 16, width: 24, patchSize: 4, features: 35 },
    { adapter: { isCpu: false, maxWorkgroupsPerDimension: 3 }, gradients: false },
  ),
});
