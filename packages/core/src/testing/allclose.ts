export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

export interface Difference {
  readonly maxAbs: number;
  /** Largest |a - b| / (atol + rtol |b|): above 1 is a failure. */
  readonly worst: number;
  readonly message: string;
}

/** Compares element by element, names the worst element; NaN and infinities never agree with anything else. */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Tolerance,
): Difference {
  if (actual.length !== expected.length) {
    return { maxAbs: Infinity, worst: Infinity, message: `${actual.length} elements, expected ${expected.length}` };
  }
  let worst = 0;
  let worstAt = 0;
  let maxAbs = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const distance = Math.abs(actual[i]! - expected[i]!);
    const ratio = Number.isFinite(distance) ? distance / (atol + rtol * Math.abs(expected[i]!)) : Infinity;
    maxAbs = Number.isFinite(distance) ? Math.max(maxAbs, distance) : Infinity;
    if (ratio > worst) {
      worst = ratio;
      worstAt = i;
    }
  }
  return {
    maxAbs,
    worst,
    message: `element ${worstAt}: ${actual[worstAt]}, expected ${expected[worstAt]} (rtol ${rtol}, atol ${atol})`,
  };
}

/** Throws unless all elements agree within the tolerance. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const { worst, message } = difference(actual, expected, tolerance);
  if (!(worst <= 1)) throw new Error(`${what}: ${message}`);
}
