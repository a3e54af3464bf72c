import { parseArgs } from "node:util";
import type { RunnerName } from "./runner.ts";

export interface Arguments {
  /** Folder that holds one folder per case. */
  readonly directory: string;
  readonly executors: readonly RunnerName[];
  /** Names of cases; empty: all. */
  readonly cases: readonly string[];
  /** A page to write with one line for each case. */
  readonly markdown?: string | undefined;
}

const EXECUTORS: readonly RunnerName[] = ["webgpu", "tfjs", "f64"];

export const USAGE = "npm run parity -- [DIR] [--executor webgpu|tfjs|f64|all] [--case NAME] [--markdown FILE]";

/** Throws an Error that says what is wrong with the command line. */
export function parseArguments(args: readonly string[], fallbackDirectory: string): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      executor: { type: "string", default: "all" },
      case: { type: "string", multiple: true, default: [] },
      markdown: { type: "string" },
    },
  });
  if (positionals.length > 1) throw new Error(`one folder of cases, got ${positionals.join(" ")}\n${USAGE}`);
  const { executor } = values;
  const known = EXECUTORS.find((name) => name === executor);
  if (!known && executor !== "all") {
    throw new Error(`--executor must be ${EXECUTORS.join(", ")} or all, got ${executor}\n${USAGE}`);
  }
  return {
    directory: positionals[0] ?? fallbackDirectory,
    executors: known ? [known] : EXECUTORS,
    cases: values.case,
    markdown: values.markdown,
  };
}
