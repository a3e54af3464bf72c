const scratch = new DataView(new ArrayBuffer(4));

/** IEEE binary16 bits of a number, rounded to nearest even. */
export function toHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  const unbiased = exponent - 127;
  if (unbiased > 15) return sign | 0x7c00;
  if (unbiased < -25) return sign;
  const significand = unbiased < -14 ? (mantissa | 0x800000) >>> 0 : mantissa;
  const shift = unbiased < -14 ? -unbiased - 1 : 13; // subnormal halves keep fewer bits
  const base = unbiased < -14 ? 0 : (unbiased + 15) << 10;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  const roundUp = rest > middle || (rest === middle && (kept & 1) === 1);
  return sign | (base + kept + (roundUp ? 1 : 0));
}

/** The number that binary16 bits stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

export function halvesFrom(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from({ length: values.length }, (_, i) => toHalf(values[i]!));
}

export function floatsFrom(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, fromHalf);
}
