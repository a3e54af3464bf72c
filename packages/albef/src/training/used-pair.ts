import type { TrainingPair } from "./types.ts";

/** A pair that training can use. */
export interface UsedPair {
  readonly id: string;
  readonly image: TrainingPair["image"];
  /** One, or several from which each pass draws one. */
  readonly captions: readonly [string, ...string[]];
  /** Equal for captions of one picture. */
  readonly group: number;
  /** Among all that were given, the unusable ones too. */
  readonly place: number;
}
