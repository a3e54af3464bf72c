/** Which losses are computed, and how: the paper's ablations (table 1) are settings of this. */
export interface ObjectiveOptions {
  /** Image-text contrast. */
  readonly itc: boolean;
  /** Image-text matching. */
  readonly itm: boolean;
  /** Masked language modelling. */
  readonly mlm: boolean;
  /** Negatives of ITM drawn by similarity; else every other partner alike. Needs no ITC loss, only the features. */
  readonly hardNegatives: boolean;
  /** The momentum teacher's pseudo-targets in ITC. */
  readonly distillItc: boolean;
  /** The momentum teacher's pseudo-targets in MLM. */
  readonly distillMlm: boolean;
  /** Captions of one image (equal ids) count as matching, in the targets and among the negatives. */
  readonly imageIds: boolean;
  /** Columns of the feature queues; 0 contrasts within the batch alone. */
  readonly queueSize: number;
  /** Keeps the temperature within [0.001, 0.5], as in pre-training. */
  readonly clampTemperature: boolean;
  /** Does what the official code does where the default is more careful; see docs/faithful.md. */
  readonly faithful: boolean;
}

/** Bounds of the temperature in pre-training (official model_pretrain.py). */
export const TEMPERATURE_RANGE = [0.001, 0.5] as const;

/** Pre-training: all three losses, with momentum distillation on ITC and MLM. */
export const PRETRAIN_OBJECTIVE: ObjectiveOptions = {
  itc: true,
  itm: true,
  mlm: true,
  hardNegatives: true,
  distillItc: true,
  distillMlm: true,
  imageIds: false,
  queueSize: 65536,
  clampTemperature: true,
  faithful: false,
};

/** Fine-tuning for retrieval: ITC and ITM, captions of one image sharing its id. */
export const RETRIEVAL_OBJECTIVE: ObjectiveOptions = {
  ...PRETRAIN_OBJECTIVE,
  mlm: false,
  distillMlm: false,
  imageIds: true,
  clampTemperature: false,
};
