import { wgsl } from "../../wgsl.ts";

const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;

/**
 * 32 random bits of (counter, stream, seed): pcg3d of Jarzynski and Olano 2020 (JCGT 9(3)). A value depends on nothing
 * but these three, so every executor and every recomputation sees the same.
 */
export function randomBits(counter: number, stream: number, seed: number): number {
  const step = (v: number) => (Math.imul(v, MULTIPLIER) + INCREMENT) | 0;
  let [x, y, z] = [step(counter), step(stream), step(seed)];
  const mix = () => {
    x = (x + Math.imul(y, z)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
  };
  mix();
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  mix();
  return x >>> 0;
}

/** Declares `fn randomBits(counter: u32, stream: u32, seed: u32) -> u32`. */
export const randomBitsWgsl = wgsl`
  fn randomBits(counter: u32, stream: u32, seed: u32) -> u32 {
    var v = vec3u(counter, stream, seed) * ${MULTIPLIER}u + ${INCREMENT}u;
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    v ^= v >> vec3u(16u);
    v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
    return v.x;
  }`;

/** Uniform numbers are multiples of 2^-24: f32 holds every one of them exactly. */
export const UNIFORM_STEPS = 2 ** 24;

/** The streams of elements and of seeds: they never draw the same bits from one seed. */
export const ELEMENT_STREAM = 0;
export const SEED_STREAM = 1;
