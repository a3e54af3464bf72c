import { type Safetensors, safetensorsBlob, writableTensor } from "@albef/core";
import { savedTensors, type TrainingState } from "@albef/distillation";
import { FinetuneError } from "./errors.ts";
import type { Goal } from "./goals.ts";
import type { Progress } from "./steps.ts";
import type { FinetunePlan, Metrics } from "./types.ts";

const BEST = "best.";

/** What a saved training must agree with. */
export interface RunIdentity {
  readonly goal: Goal;
  readonly plan: FinetunePlan;
  /** The model that it began from. */
  readonly base: string;
}

export interface SavedParts extends RunIdentity {
  readonly progress: Progress;
  readonly before: Metrics | undefined;
}

/** A safetensors file of the whole training: its state under official names, the best weights, the plan. */
export async function saveRun(state: TrainingState, { goal, plan, base, progress, before }: SavedParts): Promise<Blob> {
  const { best, worse } = progress;
  const kept = [...(best?.learnt ?? [])].map(([name, { shape, data }]) =>
    writableTensor({ name: BEST + name, dtype: "f32", shape, data }),
  );
  return safetensorsBlob([...(await savedTensors(state)), ...kept], {
    ...{ kind: kindOf(goal), base, plan: JSON.stringify(plan), worse: String(worse) },
    ...(best && { best: JSON.stringify(best.metrics) }),
    ...(before && { before: JSON.stringify(before) }),
  });
}

function kindOf({ name }: Goal): string {
  return `albef-${name}`;
}

/** Takes up the progress of a saved training. Throws FinetuneError where it is another one's. */
export async function restore(
  saved: Safetensors,
  progress: Progress,
  { goal, plan, base }: RunIdentity,
): Promise<void> {
  const { kind, base: wanted, plan: written, best, worse } = saved.metadata;
  if (kind !== kindOf(goal))
    throw new FinetuneError(`resume: this file is no saved ${goal.name} but ${kind ?? "another"}`);
  if (wanted !== base) throw new FinetuneError("resume: the saved training began from another model");
  if (written !== JSON.stringify(plan)) {
    throw new FinetuneError(`resume: pairs or options are others; saved with ${written}, now ${JSON.stringify(plan)}`);
  }
  progress.worse = Number(worse);
  const metrics = metricsIn(best);
  if (!metrics) return;
  const learnt = new Map();
  for (const [name, { shape }] of saved.tensors) {
    if (name.startsWith(BEST)) learnt.set(name.slice(BEST.length), { shape, data: (await saved.read(name)).data });
  }
  progress.best = { metrics, learnt };
}

export function metricsIn(json: string | undefined): Metrics | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as Metrics);
}
