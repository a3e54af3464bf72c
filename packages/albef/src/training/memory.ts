import { estimateMemory, type MemoryEstimate } from "@albef/distillation";
import type { LoadedModel } from "../model/load.ts";
import { FinetuneError } from "./errors.ts";
import { graphOptions } from "./learning.ts";
import type { Lesson } from "./lesson.ts";
import type { FinetunePlan } from "./types.ts";

interface Limits {
  /** Bytes of all together. */
  readonly budget: number;
  /** Bytes of one buffer. */
  readonly buffer: number;
}

export interface MemoryChecks {
  /** Tokens of a text. */
  readonly length: number;
  readonly memoryBudget?: number | undefined;
  readonly lesson?: Lesson | undefined;
}

/** What a plan takes on the device. Throws FinetuneError where that is too much; it says what would save how much. */
export async function plannedMemory(
  model: LoadedModel,
  plan: FinetunePlan,
  { length, lesson, memoryBudget = Number.POSITIVE_INFINITY }: MemoryChecks,
): Promise<MemoryEstimate> {
  const { executor } = model.engine;
  const limits = { budget: memoryBudget, buffer: executor.maxBufferBytes ?? Number.POSITIVE_INFINITY };
  const estimateOf = (changed: Partial<FinetunePlan>) =>
    estimateMemory(graphOptions(model, { ...plan, ...changed }, length, lesson));
  const estimate = await estimateOf({});
  if (fits(estimate, limits)) return estimate;
  const savings: string[] = [];
  for (const [name, changed] of remedies(plan, executor.supportsF16)) {
    const other = await estimateOf(changed);
    if (other.total < estimate.total) savings.push(savingOf(name, estimate.total - other.total, fits(other, limits)));
  }
  throw new FinetuneError(
    `memory: training would take ${partsOf(estimate)}; ${limitOf(estimate, limits)}. What saves: ${savings.join("; ") || "a smaller model"}`,
  );
}

function fits({ total, largestBuffer }: MemoryEstimate, { budget, buffer }: Limits): boolean {
  return total <= budget && largestBuffer <= buffer;
}

/** Options that need less, each alone. */
function remedies(plan: FinetunePlan, hasF16: boolean): [name: string, changed: Partial<FinetunePlan>][] {
  const half = Math.ceil(plan.batchSize / 2);
  const all: [boolean, string, Partial<FinetunePlan>][] = [
    [!plan.recompute, "recompute: true", { recompute: true }],
    [hasF16 && plan.precision === "f32", 'precision: "f16"', { precision: "f16" }],
    [
      plan.batchSize > 3,
      `batchSize: ${half} with accumulate: ${2 * plan.accumulate}`,
      { batchSize: half, accumulate: 2 * plan.accumulate },
    ],
    [plan.train === "all", 'train: "lora"', { train: "lora" }],
    [!plan.freeze.includes("vision"), 'freeze: ["vision"]', { freeze: [...plan.freeze, "vision"] }],
  ];
  return all.flatMap(([applies, name, changed]) => (applies ? [[name, changed] as const] : [])) as [
    string,
    Partial<FinetunePlan>,
  ][];
}

function savingOf(name: string, bytes: number, isEnough: boolean): string {
  return `${name} ${megabytes(bytes)}${isEnough ? " (then it fits)" : ""}`;
}

function partsOf({ total, largestBuffer: _, ...parts }: MemoryEstimate): string {
  const named = Object.entries(parts).flatMap(([name, bytes]) => (bytes > 0 ? [`${name} ${megabytes(bytes)}`] : []));
  return `${megabytes(total)} (${named.join(", ")})`;
}

function limitOf({ total, largestBuffer }: MemoryEstimate, { budget, buffer }: Limits): string {
  return total > budget
    ? `memoryBudget is ${megabytes(budget)}`
    : `its largest buffer has ${megabytes(largestBuffer)}, the device makes ${megabytes(buffer)} at most`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
