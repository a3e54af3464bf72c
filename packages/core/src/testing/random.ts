/** Seeded numbers for tests (mulberry32). */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Fill = (random: () => number) => number;

export function gaussian(mean = 0, deviation = 1): Fill {
  return (random) => mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function uniform(low: number, high: number): Fill {
  return (random) => low + (high - low) * random();
}

/** Whole numbers in [0, count). */
export function integer(count: number): Fill {
  return (random) => Math.floor(random() * count);
}
