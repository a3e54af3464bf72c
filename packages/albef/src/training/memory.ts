import { estimateMemory, type MemoryEstimate } from "@albef/distillation";
import type { LoadedModel } from "../model/load.ts";
import { FinetuneError } from "./errors.ts";
import { graphOptions } from "./learning.ts";
import type { Lesson } from "./lesson.ts";
import type { FinetunePlan } from "./types.ts";

interface Limits {
  /** Bytes of all together. */
  readonly budget: number;
  /** Bytes of one buffer, and of what a kernel sees of it. */
  readonly buffer: number;
}

export interface MemoryChecks {
  /** Tokens of a text. */
  readonly length: number;
  readonly memoryBudget?: number | undefined;
  readonly lesson?: Lesson | undefined;
  /** Whether the size of a batch is ours to choose. */
  readonly isBatchOpen: boolean;
}

export interface FittingPlan {
  readonly plan: FinetunePlan;
  readonly memory: MemoryEstimate;
}

/**
 * The plan with what it takes on the device; a batch that was left open is halved, and twice as many added up, until it fits.
 * Throws FinetuneError where that is too much still; it says what would save how much.
 */
export async function fittingPlan(
  model: LoadedModel,
  wanted: FinetunePlan,
  { length, lesson, isBatchOpen, memoryBudget = Number.POSITIVE_INFINITY }: MemoryChecks,
): Promise<FittingPlan> {
  const { executor } = model.engine;
  const limits = { budget: memoryBudget, buffer: executor.maxBufferBytes ?? Number.POSITIVE_INFINITY };
  const estimateOf = (plan: FinetunePlan) => estimateMemory(graphOptions(model, plan, length, lesson));
  const estimate = await estimateOf(wanted);
  if (fits(estimate, limits)) return { plan: wanted, memory: estimate };
  for (let plan = wanted; isBatchOpen && plan.batchSize % 2 === 0 && plan.batchSize > 3; ) {
    plan = { ...plan, batchSize: plan.batchSize / 2, accumulate: 2 * plan.accumulate };
    const memory = await estimateOf(plan);
    if (fits(memory, limits)) return { plan, memory };
  }
  const isBudget = estimate.total > limits.budget;
  const measured = ({ total, largest }: MemoryEstimate) => (isBudget ? total : largest.bytes);
  const savings: string[] = [];
  for (const [name, changed] of remedies(wanted, executor.supportsF16)) {
    const other = await estimateOf({ ...wanted, ...changed });
    const saved = measured(estimate) - measured(other);
    if (saved > 0) savings.push(savingOf(name, saved, fits(other, limits)));
  }
  throw new FinetuneError(
    `memory: training would take ${partsOf(estimate)}; ${isBudget ? `memoryBudget is ${megabytes(limits.budget)}` : pieceOf(estimate, limits)}. What saves: ${savings.join("; ") || "a smaller model"}`,
  );
}

function fits({ total, largest }: MemoryEstimate, { budget, buffer }: Limits): boolean {
  return total <= budget && largest.bytes <= buffer;
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

function partsOf({ total, largest: _, ...parts }: MemoryEstimate): string {
  const named = Object.entries(parts).flatMap(([name, bytes]) => (bytes > 0 ? [`${name} ${megabytes(bytes)}`] : []));
  return `${megabytes(total)} (${named.join(", ")})`;
}

function pieceOf({ largest: { part, what, bytes } }: MemoryEstimate, { buffer }: Limits): string {
  return `one piece of the ${part}, ${what}, takes ${megabytes(bytes)}, a buffer of this device ${megabytes(buffer)} at most`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
