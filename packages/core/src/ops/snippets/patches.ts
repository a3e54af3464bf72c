import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** [batch, channels, height, width] -> f32 [batch, patches, channels * size * size]. */
export function toPatches(p: PrimitiveSet, image: Tensor, size: number): Tensor {
  const [batch, channels, height, width] = image.shape as readonly [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  const split = p.reshape(p.cast(image, "f32"), [batch, channels, rows, size, columns, size]);
  const grouped = p.transpose(split, [0, 2, 4, 1, 3, 5]); // [batch, rows, columns, channels, size, size]
  return p.reshape(grouped, [batch, rows * columns, channels * size * size]);
}

/** The way back. */
export function fromPatches(
  p: PrimitiveSet,
  patches: Tensor,
  { like, patchSize: size }: { readonly like: Tensor; readonly patchSize: number },
): Tensor {
  const [batch, channels, height, width] = like.shape as readonly [number, number, number, number];
  const grouped = p.reshape(patches, [batch, height / size, width / size, channels, size, size]);
  return p.reshape(p.transpose(grouped, [0, 3, 1, 4, 2, 5]), like.shape);
}
