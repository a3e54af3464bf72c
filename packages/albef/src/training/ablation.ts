import type { PretrainObjective } from "./types.ts";

export interface Ablation {
  readonly name: string;
  readonly objective: PretrainObjective;
}

const BASE = { mlm: true, itm: true, itc: false, hardNegatives: false, distillItc: false, distillMlm: false };
const CONTRAST = { ...BASE, itc: true };
const HARD = { ...CONTRAST, hardNegatives: true };

/** The rows of the paper's table of ablations (section 6.1): each adds one thing to the row before. */
export const ABLATIONS: readonly Ablation[] = [
  { name: "MLM + ITM", objective: BASE },
  { name: "+ ITC", objective: CONTRAST },
  { name: "+ hard negatives", objective: HARD },
  { name: "+ MoD on ITC", objective: { ...HARD, distillItc: true } },
  { name: "+ MoD on ITC and MLM", objective: { ...HARD, distillItc: true, distillMlm: true } },
];
