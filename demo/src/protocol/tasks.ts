import type { GroundedWord, HeatMap, HeatMapChoice, MatchScore, ModelProfile } from "albef";

/** Where a text is in a picture; maps are asked for one at a time. */
export interface GroundedPicture {
  readonly words: readonly GroundedWord[];
  readonly layer: number;
  readonly layers: readonly number[];
  readonly heads: number;
  readonly match: MatchScore;
  /** Of the picture, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly ms: number;
}

/** Answers with their probabilities, best first. */
export interface Outcome {
  /** The model that answered, where it is not the one in use. */
  readonly by?: string | undefined;
  readonly shares: readonly { readonly label: string; readonly probability: number }[];
  readonly ms: number;
}

/** Where the time of the model in use goes, and the same as a file for trace viewers. */
export interface Profiled extends Omit<ModelProfile, "traceFile"> {
  readonly trace: Blob;
}

/** Tasks that need a head of their own. */
export type TaskName = "answer" | "entails" | "compare";

/** Throw an error named MissingHeadError where the model in use has no head for the task. */
export interface TaskCalls {
  ground(id: string, text: string, layer?: number): Promise<GroundedPicture>;
  /** A map of what `ground` looked at last. */
  heatMap(choice: HeatMapChoice): Promise<HeatMap>;
  /** Weighs the candidates; where there are none the model writes its answers. */
  answer(id: string, question: string, candidates: readonly string[]): Promise<Outcome>;
  entails(id: string, sentence: string): Promise<Outcome>;
  compare(ids: readonly [string, string], statement: string): Promise<Outcome>;
  profile(): Promise<Profiled>;
}
