import { createOptimizer, createTrainingState, DEFAULT_ADAMW, decaysWeight } from "@albef/distillation";
import { type Check, checkEqual, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { executorOf } from "../runner.ts";

interface Config {
  readonly lr_per_step: readonly number[];
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
}

const START = "in.p0.";

/** AdamW alone, over arenas, with given gradients and a rate that changes. */
export const adamw: GraphFamily = {
  needs: "executor",
  executors: ["webgpu", "tfjs"],
  async run(recorded, runner) {
    const { lr_per_step, betas, eps, weight_decay } = recorded.json.config as Config;
    const names = Object.keys(recorded.json.given ?? {}).flatMap((key) =>
      key.startsWith(START) ? [key.slice(START.length)] : [],
    );
    const executor = executorOf(runner);
    using state = await createTrainingState(executor, {
      trainable: new Map(names.map((name) => [name, recorded.tensor(START + name).shape])),
      weights: (name) => (names.includes(name) ? asFloat(recorded.tensor(START + name)) : undefined),
    });
    using optimizer = await createOptimizer(executor, state, {
      ...{ ...DEFAULT_ADAMW, eps, weightDecay: weight_decay },
      ...{ beta1: betas[0], beta2: betas[1] },
    });
    const checks: Check[] = [checkGroups(recorded, names)];
    for (const [step, learningRate] of lr_per_step.entries()) {
      for (const name of names) state.gradients.write(`grad.${name}`, asFloat(recorded.tensor(`in.g${step}.${name}`)));
      await optimizer.step({ learningRate });
      for (const name of names) {
        checks.push(...checkOutputs(recorded, { [`p${step + 1}.${name}`]: await values(state.weights, name) }));
      }
    }
    for (const name of names) {
      const [first, second] = [`exp_avg.${name}`, `exp_avg_sq.${name}`];
      const moments = { [first]: await values(state.moment1, first), [second]: await values(state.moment2, second) };
      checks.push(...checkOutputs(recorded, moments));
    }
    return checks;
  },
};

async function values(store: { read(name: string): Promise<ArrayLike<number>> }, name: string) {
  return Array.from(await store.read(name));
}

/** Which parameters are decayed. */
function checkGroups(recorded: RecordedCase, names: readonly string[]): Check {
  const groups = recorded.field<{ readonly weight_decay: number; readonly names: readonly string[] }[]>("groups");
  const decayed = groups.filter((group) => group.weight_decay > 0).flatMap((group) => group.names);
  const own = names.filter((name) => decaysWeight(name, recorded.tensor(START + name).shape));
  return checkEqual("decayed parameters", own.toSorted(), decayed.toSorted());
}
