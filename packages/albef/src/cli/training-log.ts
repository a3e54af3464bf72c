import { existsSync, readFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { replaceFile } from "../storage/atomic-file.ts";
import type { FinetuneStep, Metrics } from "../training/types.ts";

const COLUMNS = [
  ...["step", "epoch", "loss", "itc", "itm", "mlm", "learningRate", "alpha", "gradNorm"],
  ...["pairsPerSecond", "secondsLeft", "heldOut"],
] as const;

/** A file with one line a step: JSON where its name ends in `.jsonl`, else CSV. */
export interface TrainingLog {
  write(step: FinetuneStep<Metrics>): Promise<void>;
}

/** Opens a log; of an older one those lines stay that tell of steps up to `step`, at which training goes on. */
export async function trainingLog(path: string, step: number): Promise<TrainingLog> {
  const isJson = path.endsWith(".jsonl");
  const head = isJson ? "" : `${COLUMNS.join(",")}\n`;
  const old = existsSync(path) ? readFileSync(path, "utf8").slice(head.length).split("\n").slice(0, -1) : [];
  const kept = old.filter((line) => (isJson ? JSON.parse(line).step : Number.parseInt(line, 10)) <= step);
  await replaceFile(path, [new TextEncoder().encode(head + kept.map((line) => `${line}\n`).join(""))]);
  return {
    write(done) {
      const row = rowOf(done);
      const line = isJson ? JSON.stringify(row) : COLUMNS.map((name) => row[name] ?? "").join(",");
      return appendFile(path, `${line}\n`);
    },
  };
}

function rowOf({
  losses,
  heldOut,
  inspection: _,
  ...numbers
}: FinetuneStep<Metrics>): Readonly<Record<string, number | true | undefined>> {
  return { ...numbers, ...losses, heldOut: heldOut?.mean };
}
