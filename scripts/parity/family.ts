import type { Check } from "./check.ts";
import type { RecordedCase } from "./recorded-case.ts";
import type { Runner, RunnerName } from "./runner.ts";

// A family compares one kind of recorded case. `run` is given the case (its tensors `in.*` and `out.*`, its fields, its
// weights) and, where it needs one, an executor; it returns one Check per quantity (check.ts: checkOutputs, checkNumbers,
// checkEqual). A recorded tensor that no check names is listed as skipped, and the tests accept none. Sizes come from the
// case, never from the family: other seeds, sizes, head and layer counts must work. Registration: families/index.ts.

/** Checks of a case that runs graphs, once on each executor. */
export interface GraphFamily {
  readonly needs: "executor";
  /** Default: all. Full-size models are left to the executors that finish them in minutes. */
  readonly executors?: readonly RunnerName[];
  /** Runs by default only where its name is given: it takes minutes. */
  readonly slow?: boolean;
  run(recorded: RecordedCase, runner: Runner): Promise<Check[]>;
}

/** Checks of a case that needs no executor. */
export interface PlainFamily {
  readonly needs: "nothing";
  run(recorded: RecordedCase): Promise<Check[]>;
}

export type Family = GraphFamily | PlainFamily;

export function runsOn({ executors }: GraphFamily, executor: RunnerName): boolean {
  return !executors || executors.includes(executor);
}

/** Recorded tensors that none of the checks looked at. */
export function unchecked(recorded: RecordedCase, checks: readonly Check[]): string[] {
  const seen = new Set(checks.map(({ quantity }) => `out.${quantity}`));
  return [...recorded.expected.keys()].filter((name) => !seen.has(name)).map((name) => name.slice("out.".length));
}
