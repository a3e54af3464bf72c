import { families } from "./families/index.ts";
import { unchecked } from "./family.ts";
import { openCase, type ReadFile } from "./recorded-case.ts";
import type { Line } from "./report.ts";
import type { Runner, RunnerName } from "./runner.ts";

/** What came of one case on one executor. */
export interface Outcome {
  readonly lines: readonly Line[];
  /** Recorded quantities of parts that are not there yet. */
  readonly skipped: readonly string[];
  readonly seconds: number;
}

/** How a case is run, or why it is not. */
export interface Plan {
  readonly needs: "executor" | "nothing" | "unbuilt";
  readonly executors?: readonly RunnerName[];
  readonly slow?: boolean;
}

export function planOf(kind: string): Plan {
  return families[kind] ?? { needs: "unbuilt" };
}

/** Runs a case, on `runner` where its family needs one. An error counts as one failed line. */
export async function runCase(name: string, readFile: ReadFile, runner?: Runner): Promise<Outcome> {
  const begin = performance.now();
  const executor = runner?.name ?? "-";
  const seconds = () => (performance.now() - begin) / 1000;
  try {
    const recorded = await openCase(name, readFile);
    const family = families[recorded.kind];
    if (!family) throw new Error(`no checks for cases of kind ${recorded.kind}`);
    if (family.needs === "executor" && !runner) throw new Error(`${recorded.kind} needs an executor`);
    const checks = family.needs === "executor" ? await family.run(recorded, runner!) : await family.run(recorded);
    const lines = checks.map((check) => ({ ...check, case: name, executor }));
    return { lines, skipped: unchecked(recorded, checks), seconds: seconds() };
  } catch (error) {
    const note = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failed = { quantity: "(error)", absolute: Number.NaN, relative: Number.NaN, tolerance: "-", ok: false, note };
    return { lines: [{ ...failed, case: name, executor }], skipped: [], seconds: seconds() };
  }
}
