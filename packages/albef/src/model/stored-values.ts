import { castFloats, WeightError } from "@albef/core";
import type { ModelOrigin } from "./load.ts";

/** The parameters of a model by name: those of its files, and those that training added. */
export function shapesOf({
  replaced,
  weights,
}: Pick<ModelOrigin, "replaced" | "weights">): ReadonlyMap<string, readonly number[]> {
  const stored = weights.flatMap(({ tensors }) => [...tensors].map(([name, { shape }]) => [name, shape] as const));
  return new Map([...stored, ...[...replaced].map(([name, { shape }]) => [name, shape] as const)]);
}

/** The f32 values of a weight as the model has it: what training put in its place, else the file's; undefined without. */
export async function storedValues(
  { replaced, weights }: Pick<ModelOrigin, "replaced" | "weights">,
  name: string,
): Promise<Float32Array | undefined> {
  const learnt = replaced.get(name);
  if (learnt) return learnt.data;
  const file = weights.find(({ tensors }) => tensors.has(name));
  if (!file) return undefined;
  const { dtype, data } = castFloats(await file.read(name), "f32");
  if (dtype !== "f32") throw new WeightError(`${name}: is stored as integers; f16 or f32 is needed here`);
  return data as Float32Array;
}
