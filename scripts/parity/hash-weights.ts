import { elementCount } from "@albef/core";
import type { WeightLookup } from "./runner.ts";

/** What a case of generated weights says of its generator, in `generator` of case.json. */
export interface GeneratorFacts {
  readonly check_first4: Readonly<Record<string, readonly number[]>>;
  readonly check_last: Readonly<Record<string, number>>;
}

const SPREAD = 0.04;
const NORM_SPREAD = 0.1;
const TEMPERATURE = 0.07;

/** FNV-1a over the UTF-8 bytes of a key. */
export function hashOfKey(key: string): number {
  return new TextEncoder().encode(key).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
}

/** The 32-bit word at flat index i of a tensor: a mix of the key's hash and a counter (finalizer of MurmurHash3). */
export function hashWord(seed: number, i: number): number {
  let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Uniform values of a key, `centre` +- `spread`, computed in f64 and rounded once. */
export function hashValues(key: string, count: number, { centre = 0, spread }: { centre?: number; spread: number }) {
  const seed = hashOfKey(key);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = centre + (2 * (hashWord(seed, i) / 2 ** 32) - 1) * spread;
  return values;
}

const isNormWeight = (key: string) => /LayerNorm|visual_encoder\.norm|\.norm[12]\./.test(key) && key.endsWith("weight");

/** Weights of any size by their official pre-training keys; tied heads ask for the key they are tied to. */
export const hashWeights: WeightLookup = (key, { shape }) => {
  const count = elementCount(shape);
  if (key === "temp") return new Float32Array(count).fill(TEMPERATURE);
  return hashValues(key, count, isNormWeight(key) ? { centre: 1, spread: NORM_SPREAD } : { spread: SPREAD });
};
