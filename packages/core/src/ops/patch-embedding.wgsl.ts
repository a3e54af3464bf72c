import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { type Factor, startOf } from "../product-spec.ts";
import type { TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

type Specs = Readonly<Record<"image" | "weight" | "bias" | "clsToken" | "position" | "y", TensorSpec>>;

/** A product whose left operand is gathered from the image while it is multiplied: patches are never written. */
export function patchEmbeddingKernel(specs: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  const { y, ...inputs } = specs;
  const [, channels, height, width] = specs.image.shape as readonly [number, number, number, number];
  const features = y.shape[2]!;
  const patches = (height / patchSize) * (width / patchSize);
  const depth = channels * patchSize * patchSize;
  const a = patchRows(specs.image, patchSize);
  const vector = vectorWidth(features, depth, false);
  const product = {
    a,
    b: storedFactor("B", { name: "weight", extent: features, depth, depthMajor: false, vector }),
    depth,
    batch: 1,
    declarations: bindings(inputs, { y }, { vector: { image: a.vector, weight: vector } }),
    initial: startOf(specs.bias),
    store: wgsl`
      fn store(batch: u32, row: u32, column: u32, product: f32) {
        let first = row / ${patches}u * ${(patches + 1) * features}u + column; // of the image: its class token
        let place = (row % ${patches}u + 1u) * ${features}u;
        y[first + place] = ${y.dtype}(product + f32(position[place + column]));
        if (place == ${features}u) { y[first] = ${y.dtype}(f32(clsToken[column]) + f32(position[column])); }
      }`,
  };
  return productKernel(product, adapter);
}

/** Row r is patch r % patches of image r / patches; four pixels at a load where patches begin at multiples of 4. */
function patchRows({ shape }: TensorSpec, patchSize: number): Factor {
  const [batch, channels, height, width] = shape as readonly [number, number, number, number];
  const vector = patchSize % 4 === 0 && width % 4 === 0 ? 4 : 1;
  const type = vector === 4 ? "vec4f" : "f32";
  const across = width / patchSize;
  const patches = (height / patchSize) * across;
  const access = wgsl`
    fn startA(batch: u32) -> u32 { return 0u; }
    fn placeA(start: u32, row: u32) -> u32 {
      let line = row / ${patches}u * ${channels * height}u + row % ${patches}u / ${across}u * ${patchSize}u;
      return (line * ${width}u + row % ${across}u * ${patchSize}u) / ${vector}u;
    }
    fn depthA(k: u32) -> u32 {
      let line = k / ${patchSize * patchSize}u * ${height}u + k / ${patchSize}u % ${patchSize}u;
      return (line * ${width}u + k % ${patchSize}u) / ${vector}u;
    }
    fn loadA(place: u32, depth: u32) -> ${type} { return ${type}(image[place + depth]); }`;
  return { extent: batch * patches, depthMajor: false, vector, access };
}
