import { alphaAt, learningRateAt } from "@albef/distillation";
import { type Check, checkNumbers } from "../check.ts";
import type { PlainFamily } from "../family.ts";

interface Table {
  readonly config: string;
  readonly iterations_per_epoch: number;
  readonly schedular: Readonly<Record<"lr" | "min_lr" | "warmup_lr" | "warmup_epochs" | "epochs", number>>;
  readonly warm_up: string | boolean | null;
  readonly lr_changes: readonly { readonly epoch: number; readonly iteration: number; readonly lr: number }[];
  readonly alpha: readonly { readonly epoch: number; readonly iteration: number; readonly alpha: number }[];
}

const ALPHA = 0.4; // in every official configuration
const EXACT = 1e-12; // double precision on both sides

/** Learning rates of every update, and the weight of the pseudo-targets, for every official configuration. */
export const schedules: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const { lr_relative } = recorded.field<{ readonly lr_relative: number }>("tolerance");
    return recorded.field<readonly Table[]>("tables").flatMap((table) => checkTable(table, lr_relative));
  },
};

function checkTable(table: Table, relative: number): Check[] {
  const { schedular, iterations_per_epoch: iterations } = table;
  const name = `${table.config}, ${iterations} iterations`;
  const options = {
    learningRate: schedular.lr,
    minLearningRate: schedular.min_lr,
    warmupLearningRate: schedular.warmup_lr,
    warmupEpochs: schedular.warmup_epochs,
    epochs: schedular.epochs,
  };
  const own: number[] = [];
  const official: number[] = [];
  let change = -1;
  for (let epoch = 0; epoch < schedular.epochs; epoch++) {
    for (let iteration = 0; iteration < iterations; iteration++) {
      const next = table.lr_changes[change + 1];
      if (next?.epoch === epoch && next.iteration === iteration) change++;
      own.push(learningRateAt(epoch, iteration, options));
      official.push(table.lr_changes[change]!.lr);
    }
  }
  const ramp = table.warm_up !== false && table.warm_up !== null;
  const alphas = table.alpha.map(({ epoch, iteration }) =>
    alphaAt(epoch, iteration, { alpha: ALPHA, iterationsPerEpoch: iterations, ramp }),
  );
  return [
    checkNumbers(`${name}: learning rate`, own, official, { rtol: relative }),
    ...(alphas.length > 0
      ? [
          checkNumbers(
            `${name}: alpha`,
            alphas,
            table.alpha.map((at) => at.alpha),
            { atol: EXACT },
          ),
        ]
      : []),
  ];
}
