/** Cuts a list of dispatches so that no submit holds more than `limit` FLOPs, unless one dispatch alone does. Returns the ends. */
export function splitSubmits(flops: readonly number[], limit: number): number[] {
  const ends: number[] = [];
  let total = 0;
  for (const [index, work] of flops.entries()) {
    if (total > 0 && total + work > limit) {
      ends.push(index);
      total = 0;
    }
    total += work;
  }
  if (flops.length > 0) ends.push(flops.length);
  return ends;
}
