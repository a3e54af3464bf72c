/** Begin and end of each segment of a row. */
export function bounds(n: number, segments: number): (readonly [number, number])[] {
  const begin = (s: number) => s * Math.floor(n / segments) + Math.min(s, n % segments);
  return Array.from({ length: segments }, (_, s) => [begin(s), begin(s + 1)]);
}
