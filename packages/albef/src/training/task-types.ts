import type { DecodableImage } from "@albef/encoder";
import type { EntailmentLabel } from "@albef/heads";

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

/** What each task of `AlbefModel.finetune` learns from. */
export interface TaskItems {
  readonly entailment: EntailmentItem;
  readonly vqa: QuestionItem;
}

export type TaskName = keyof TaskItems;

/** Of held-out items. */
export interface TaskMetrics {
  /** Percentage of items that the model gets right; in vqa those whose best answer is one that most people gave. */
  readonly accuracy: number;
  /** What the best weights are chosen by: the accuracy. */
  readonly mean: number;
}
