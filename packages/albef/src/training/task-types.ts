import type { DecodableImage, PairSharing } from "@albef/encoder";
import type { Box, EntailmentLabel } from "@albef/heads";

interface TaskItem {
  readonly image: DecodableImage;
  /** What errors call it; a File's name by default, else its position. */
  readonly id?: string | undefined;
  /** Items with the same value are about one picture: they fall into the same part. Default: one each. */
  readonly imageId?: string | undefined;
}

/** A sentence and what it is to a picture. */
export interface EntailmentItem extends TaskItem {
  readonly text: string;
  readonly label: EntailmentLabel;
}

/** A question to a picture. */
export interface QuestionItem extends TaskItem {
  readonly question: string;
  /** One answer, or those that several people gave: the more gave it, the more it weighs. */
  readonly answer: string | readonly string[];
}

/** A statement about two pictures. */
export interface StatementItem extends Omit<TaskItem, "image"> {
  readonly images: readonly [DecodableImage, DecodableImage];
  readonly text: string;
  readonly isTrue: boolean;
}

/** A phrase for something in a picture. */
export interface PhraseItem extends TaskItem {
  readonly text: string;
  /** Where it is, in pixels; it is not learnt from. Held-out phrases that have it are measured by it. */
  readonly box?: Box | undefined;
  /** Boxes to choose from. */
  readonly proposals?: readonly Box[] | undefined;
}

/** What each task of `AlbefModel.finetune` learns from. */
export interface TaskItems {
  readonly entailment: EntailmentItem;
  readonly vqa: QuestionItem;
  readonly nlvr: StatementItem;
  readonly grounding: PhraseItem;
}

export interface TaskOptions {
  /**
   * In nlvr and text assignment: what the layers for the two pictures share. Default: what the model's share that has such
   * layers, else keys and values of cross-attention, as official.
   */
  readonly sharing?: PairSharing | undefined;
  /** Does what the official code does where the default is more careful; see docs/faithful.md. Default: false. */
  readonly faithful?: boolean | undefined;
}

export type TaskName = keyof TaskItems;

/** Of held-out items. */
export interface TaskMetrics {
  /**
   * Percentage of items that the model gets right; in vqa those whose best answer is one that most people gave;
   * in grounding phrases whose box is found or, without one, that fit their own picture better than another.
   */
  readonly accuracy: number;
  /** What the best weights are chosen by: the accuracy. */
  readonly mean: number;
}
