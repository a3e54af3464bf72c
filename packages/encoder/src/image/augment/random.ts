/** Numbers in [0, 1), one after the other. */
export type Draw = () => number;

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;

export type Words = readonly [number, number, number, number];

/** Four random words for a counter and a key: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers"). */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highProduct(MULTIPLIERS[0], a);
    const high1 = highProduct(MULTIPLIERS[1], c);
    const low0 = Math.imul(MULTIPLIERS[0], a);
    const low1 = Math.imul(MULTIPLIERS[1], c);
    [a, b, c, d] = [high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0];
    k0 = (k0 + WEYL[0]) | 0;
    k1 = (k1 + WEYL[1]) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The upper 32 bits of the product of two unsigned words. */
function highProduct(x: number, y: number): number {
  const [x0, x1, y0, y1] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const low = x0 * y0;
  const middle = x1 * y0 + Math.floor(low / 0x10000);
  const cross = x0 * y1 + (middle & 0xffff);
  return x1 * y1 + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
}

/** Names a sequence of draws: the same place gives the same draws, whatever was drawn elsewhere. */
export interface RandomPlace {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** What the draws are for, e.g. a purpose, an epoch and an item; up to three whole numbers below 2^32. */
  readonly stream: readonly number[];
}

/**
 * Draws of a place from the `position`th on. There is no hidden state: a run that knows its place (seed, epoch, item)
 * goes on with the numbers of an uninterrupted one.
 */
export function randomAt({ seed, stream }: RandomPlace, position = 0): Draw {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`random: seed must be a whole number from 0 to 2^53 - 1, got ${seed}`);
  }
  if (stream.length > 3 || stream.some((part) => !Number.isInteger(part) || part < 0 || part >= 2 ** 32)) {
    throw new RangeError(`random: stream must be up to three whole numbers below 2^32, got [${stream}]`);
  }
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const;
  const [a = 0, b = 0, c = 0] = stream;
  let next = position;
  let block: Words = [0, 0, 0, 0];
  let blockIndex = -1;
  return () => {
    const index = Math.floor(next / 4);
    if (index !== blockIndex) {
      block = philox([index, a, b, c], key);
      blockIndex = index;
    }
    return block[next++ % 4]! / 2 ** 32;
  };
}

/** A normal number of mean 0 and deviation 1 (Box and Muller 1958). */
export function drawGaussian(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** A whole number from 0 to count - 1. */
export function drawInteger(draw: Draw, count: number): number {
  return Math.floor(draw() * count);
}
