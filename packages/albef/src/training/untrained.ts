import { drawGaussian, randomAt } from "@albef/encoder";

const STREAM = 9; // of the random numbers
const DEVIATION = 0.02; // official vit.py and initializer_range of config_bert.json

export interface UntrainedPlace {
  readonly seed: number;
  /** Tells the parameters apart. */
  readonly stream: number;
}

/**
 * What a parameter of an encoder holds before any checkpoint is loaded, as the official classes draw it: matrices and
 * embeddings normal, biases 0, LayerNorms 1 and 0, the patch convolution as PyTorch's (official vit.py, xbert.py).
 */
export function untrainedValues(
  name: string,
  shape: readonly number[],
  { seed, stream }: UntrainedPlace,
): Float32Array {
  const draw = randomAt({ seed, stream: [STREAM, stream] });
  const filled = (value: () => number) =>
    Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, value);
  if (/(norm\d?|LayerNorm)\.weight$/.test(name)) return filled(() => 1);
  if (/\.patch_embed\.proj\.weight$/.test(name)) {
    const bound = shape.slice(1).reduce((product, extent) => product * extent, 1) ** -0.5;
    return filled(() => (2 * draw() - 1) * bound);
  }
  if (name.endsWith(".bias")) return filled(() => 0);
  return filled(() => DEVIATION * drawGaussian(draw));
}
