import type { LoadedModel } from "../model/load.ts";
import { judged } from "../tasks/compare.ts";
import { expectPairHead } from "../tasks/task-heads.ts";
import type { ImageInput } from "../types.ts";
import type { NlvrStatement } from "./nlvr-annotations.ts";

export interface NlvrEvaluationOptions {
  /** The image of a path. */
  open(path: string): ImageInput;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The share of the statements that are judged rightly (official NLVR.py `evaluate`). Throws MissingHeadError. */
export async function evaluateNlvr(
  model: LoadedModel,
  statements: readonly NlvrStatement[],
  { open, onProgress, signal }: NlvrEvaluationOptions,
): Promise<{ readonly accuracy: number; readonly probabilities: readonly number[] }> {
  expectPairHead(model);
  function* opened() {
    for (const { images, text } of statements) yield { images: [open(images[0]), open(images[1])] as const, text };
  }
  const onJudged = (count: number) => onProgress?.(count, statements.length);
  const probabilities = await judged(model, opened(), { signal, onJudged });
  const right = statements.filter(({ isTrue }, i) => isTrue === probabilities[i]! > 0.5).length;
  return { accuracy: right / statements.length, probabilities };
}
