import type { TrainingPair } from "./types.ts";

/** A pair with its second picture, where a task has two. */
export interface PicturedPair extends TrainingPair {
  readonly second?: TrainingPair["image"] | undefined;
}

/** A pair that training can use. */
export interface UsedPair {
  readonly id: string;
  readonly image: TrainingPair["image"];
  readonly second?: TrainingPair["image"] | undefined;
  /** One, or several from which each pass draws one. */
  readonly captions: readonly [string, ...string[]];
  /** Equal for captions of one picture. */
  readonly group: number;
  /** Among all that were given, the unusable ones too. */
  readonly place: number;
}
