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

const TARGET_MS = 50; // longer submits make pages stutter; much shorter ones cost more than they save

/** Where the dispatches of a program are cut, by the time that its runs take. */
export interface SubmitPace {
  /** The index after each submit's last dispatch. */
  ends(): readonly number[];
  /** Tells how long a run took, from its first submit to its last result. */
  learn(milliseconds: number): void;
}

/** Starts with `limit` FLOPs per submit and moves towards submits of 50 ms, by a factor of 4 a run at most. */
export function submitPace(flops: readonly number[], limit: number): SubmitPace {
  const total = flops.reduce((sum, work) => sum + work, 0);
  let ends = splitSubmits(flops, limit);
  return {
    ends: () => ends,
    learn(milliseconds) {
      if (milliseconds < TARGET_MS) return; // most of so short a run may be the host's
      const next = Math.min(Math.max((total / milliseconds) * TARGET_MS, limit / 4), limit * 4);
      if (next > limit / 1.5 && next < limit * 1.5) return; // no cut moves for a little noise
      limit = next;
      ends = splitSubmits(flops, limit);
    },
  };
}
