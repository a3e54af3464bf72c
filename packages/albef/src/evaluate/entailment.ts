import { ENTAILMENT_LABELS, type EntailmentLabel } from "@albef/heads";
import type { LoadedModel } from "../model/load.ts";
import { entailments } from "../tasks/entailment.ts";
import { expectEntailmentHead } from "../tasks/task-heads.ts";
import type { Entailment } from "../tasks/types.ts";
import { type ByImageOptions, byImage } from "./by-image.ts";
import type { EntailmentEntry } from "./task-annotations.ts";

export interface EntailmentMetrics {
  /** Percentage of sentences whose likeliest label is the right one (official VE.py). */
  readonly accuracy: number;
  /** How many sentences of a label (first key) were given which label (second). */
  readonly given: Readonly<Record<EntailmentLabel, Readonly<Record<EntailmentLabel, number>>>>;
}

/** Visual entailment over official annotations. Throws MissingHeadError. */
export async function evaluateEntailment(
  model: LoadedModel,
  entries: readonly EntailmentEntry[],
  options: ByImageOptions,
): Promise<EntailmentMetrics> {
  expectEntailmentHead(model);
  const work = (states: Float32Array, own: readonly EntailmentEntry[]) =>
    entailments(
      model,
      own.map(({ sentence }) => ({ states, text: sentence })),
      { signal: options.signal },
    );
  const results = await byImage(model, entries, work, options);
  const given = results.map(likeliest);
  const count = (label: EntailmentLabel, named: EntailmentLabel) =>
    entries.filter((entry, i) => entry.label === label && given[i] === named).length;
  const each = <T>(of: (label: EntailmentLabel) => T) =>
    Object.fromEntries(ENTAILMENT_LABELS.map((label) => [label, of(label)])) as Record<EntailmentLabel, T>;
  const right = entries.filter(({ label }, i) => label === given[i]).length;
  return {
    accuracy: (100 * right) / entries.length,
    given: each((label) => each((named) => count(label, named))),
  };
}

/** The first of those that are alike, as torch's argmax. */
export function likeliest(probabilities: Entailment): EntailmentLabel {
  return ENTAILMENT_LABELS.reduce((best, label) => (probabilities[label] > probabilities[best] ? label : best));
}
