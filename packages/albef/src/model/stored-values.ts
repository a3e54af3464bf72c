import { castFloats, type Safetensors, WeightError } from "@albef/core";

/** The f32 values of a weight in the model's files; undefined where there is none. */
export async function storedValues(files: readonly Safetensors[], name: string): Promise<Float32Array | undefined> {
  const file = files.find(({ tensors }) => tensors.has(name));
  if (!file) return undefined;
  const { dtype, data } = castFloats(await file.read(name), "f32");
  if (dtype !== "f32") throw new WeightError(`${name}: is stored as integers; f16 or f32 is needed here`);
  return data as Float32Array;
}
