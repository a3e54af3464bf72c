import type { Executor } from "@albef/core";
import type { AlbefConfig } from "@albef/encoder";
import { IGNORED_LABEL } from "@albef/heads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PRETRAIN_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import { savedTensors } from "./saved-state.ts";
import type { StepOptions } from "./step-types.ts";
import { generator, pairsOf } from "./testing/pairs.ts";
import { openWasm, tinyConfig, tinyWeights } from "./testing/tiny.ts";
import type { TrainingWeights } from "./training-state.ts";
import { createTrainingStep, type TrainingStep } from "./training-step.ts";

const config = tinyConfig;
const settings = { learningRate: 1e-3, alpha: 0.4 };

let executor: Executor;
let weights: TrainingWeights;
beforeAll(async () => {
  executor = await openWasm();
  weights = await tinyWeights();
});
afterAll(() => executor.dispose());

interface Opened extends Partial<StepOptions> {
  readonly batch?: number;
  readonly faithful?: boolean;
}

function open({ batch = 4, faithful = false, ...more }: Opened = {}): Promise<TrainingStep> {
  const objective = { ...PRETRAIN_OBJECTIVE, queueSize: 8, faithful };
  return createTrainingStep(executor, {
    ...{ config, textPrefix: "text_encoder.bert", weights, trains: () => true, draw: generator(7) },
    task: pairTask({ shape: { batch, length: 8 }, objective }),
    ...more,
  });
}

/** Two words hidden in each batch, so that the mean over both batches is the mean over all words. */
function equallyHidden(first: number) {
  const batch = pairsOf(config, first);
  const wordLabels = new Int32Array(batch.inputIds.length).fill(IGNORED_LABEL);
  for (const place of [1, 10]) wordLabels[place] = batch.inputIds[place]!;
  return { ...batch, wordLabels };
}

describe("gradients of several batches", () => {
  const mlm = (batch: number) => {
    const objective = { ...PRETRAIN_OBJECTIVE, itc: false, itm: false, queueSize: 0 };
    return pairTask({ shape: { batch, length: 8 }, objective });
  };
  const moments = async ({ state }: TrainingStep) => {
    const all: number[] = [];
    for (const name of state.trainable.keys()) all.push(...(await state.moment1.read(`exp_avg.${name}`)));
    return all;
  };

  test("are those of one large batch, where the loss is a mean over words", async () => {
    const [a, b] = [equallyHidden(0), equallyHidden(1)];
    const names = ["image", "inputIds", "attentionMask", "maskedIds", "wordLabels"] as const;
    const joined = Object.fromEntries(
      names.map((name) => {
        const Kind = a[name].constructor as Int32ArrayConstructor;
        return [name, Kind.from([...a[name], ...b[name]])];
      }),
    );
    using whole = await open({ task: mlm(8) });
    using parts = await open({ task: mlm(4), accumulate: 2 });
    for (let i = 0; i < 2; i++) {
      const one = await whole.run(joined, { ...settings, learningRate: 0 });
      const two = await parts.run([a, b], { ...settings, learningRate: 0 });
      expect(two.loss).toBeCloseTo(one.loss, 5);
      expect(two.gradNorm / one.gradNorm).toBeCloseTo(1, 5);
    }
    const [wanted, given] = [await moments(whole), await moments(parts)];
    const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
    const apart = norm(wanted.map((value, i) => value - given[i]!)) / norm(wanted);
    expect(apart).toBeLessThan(1e-5);
  });

  test("fill the queues batch by batch; a step takes as many batches as it was made for", async () => {
    using step = await open({ accumulate: 2 });
    await step.run([pairsOf(config, 0), pairsOf(config, 1)], settings);
    expect(step.state.counters).toMatchObject({ step: 1, queuePointer: 0 });
    await expect(step.run(pairsOf(config, 0), settings)).rejects.toThrow("takes 2 batches (accumulate), got 1");
  });
});

test("frozen parts have no state, and the teacher keeps a copy of the others only", async () => {
  const trains = (name: string) => !name.startsWith("visual_encoder.");
  const kept = async function* () {
    for (const name of visual) {
      const data = (await weights(name))!;
      yield { name, dtype: "f32", shape: whole.state.trainable.get(name)!, data } as const;
    }
  };
  const unaveraged: TrainingWeights = (name) => (/_m\./.test(name) ? undefined : weights(name)); // teachers start as copies
  using whole = await open({ weights: unaveraged });
  const visual = [...whole.state.trainable.keys()].filter((name) => !trains(name));
  using frozen = await executor.upload(kept());
  using step = await open({ trains, frozen, weights: unaveraged });
  const own = [...step.state.trainable.keys()];
  expect(own).toEqual([...whole.state.trainable.keys()].filter(trains));
  const copied = [...step.state.teacher!.specs.keys()].filter((name) => name.includes("_m."));
  expect(copied.filter((name) => name.startsWith("visual_encoder_m."))).toEqual([]);
  expect(copied.length).toBeGreaterThan(10);
  const first = await step.run(pairsOf(config, 0), settings);
  expect(first.loss).toBeCloseTo((await whole.run(pairsOf(config, 0), settings)).loss, 5);
  expect((await step.run(pairsOf(config, 0), settings)).loss).toBeLessThan(first.loss);
});

test("recomputed blocks give the same step", async () => {
  using kept = await open();
  using recomputed = await open({ recompute: true });
  const [one, two] = [await kept.run(pairsOf(config, 0), settings), await recomputed.run(pairsOf(config, 0), settings)];
  expect(two.losses).toEqual(one.losses);
  expect(two.gradNorm).toBeCloseTo(one.gradNorm, 4);
});

describe("dropout", () => {
  const dropping: AlbefConfig = { ...config, text: { ...config.text, hiddenDropout: 0.1, attentionDropout: 0.1 } };
  const watch = ["text_feat", "text_feat_m", "image_feat"];
  const seenBy = async (options: Opened, seed = 0) => {
    using step = await open({ ...options, watch });
    return (await step.run({ ...pairsOf(config, 0), seed: Uint32Array.of(seed) }, settings)).seen;
  };

  test("is drawn by the seed, in the text layers, and by the teacher only as in the official code", async () => {
    const plain = await seenBy({});
    const [once, again, other] = [
      await seenBy({ config: dropping }),
      await seenBy({ config: dropping }),
      await seenBy({ config: dropping }, 1),
    ];
    expect(once).toEqual(again);
    expect(once.text_feat).not.toEqual(plain.text_feat);
    expect(once.text_feat).not.toEqual(other.text_feat);
    expect(once.image_feat).toEqual(plain.image_feat);
    expect(once.text_feat_m).toEqual(plain.text_feat_m);
    const faithful = await seenBy({ config: dropping, faithful: true });
    expect(faithful.text_feat).toEqual(once.text_feat);
    expect(faithful.text_feat_m).not.toEqual(plain.text_feat_m);
  });

  test("recomputed blocks drop the same values", async () => {
    const after = async (recompute: boolean) => {
      using step = await open({ config: dropping, recompute });
      const { losses } = await step.run(pairsOf(config, 0), settings);
      const moments = (await savedTensors(step.state)).find(({ name }) => name === "exp_avg.text_proj.weight")!;
      return { losses, moments: new Float32Array((await moments.bytes()).slice().buffer) };
    };
    const [kept, recomputed] = [await after(false), await after(true)];
    expect(recomputed.losses).toEqual(kept.losses);
    for (const [i, value] of recomputed.moments.entries()) expect(value).toBeCloseTo(kept.moments[i]!, 6);
  });
});
