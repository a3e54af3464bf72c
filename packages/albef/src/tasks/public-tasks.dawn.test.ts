import { afterEach, expect, test } from "vitest";
import { ground } from "../grounding/ground.ts";
import type { Box } from "../grounding/types.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { inDoublePrecision } from "../testing/double-precision.ts";
import { galleryPicture } from "../testing/pictures.ts";
import { tinyTask } from "../testing/tiny-tasks.ts";
import { compare } from "./compare.ts";
import { entails } from "./entailment.ts";

const SLOW = 240_000; // adapters on the CPU compile for seconds, and longer beside other work
const pizza = galleryPicture("pizza-twemoji");
const tiger = galleryPicture("tiger-fluent-3d");
const TEXT = "a man is riding a horse";

let model: LoadedModel;
afterEach(() => model.dispose());

/** A recorded model of random weights on WebGPU, and in double precision. */
async function opened(name: Parameters<typeof tinyTask>[0]) {
  model = await loadModel((await tinyTask(name)).files, { device: "webgpu", dtype: "f32" });
  expect(model.device.kind).toBe("webgpu");
  return { gpu: model, exact: await inDoublePrecision(model) };
}

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  const scale = Math.max(...Array.from(wanted, Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(actual).toHaveLength(wanted.length);
  for (const [i, value] of Array.from(actual).entries())
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-4 * scale);
}

test(
  "ground: maps of the phrase, its words, heads and boxes are those in double precision",
  async () => {
    const { gpu, exact } = await opened("grounding");
    const size = { width: 12, height: 8 };
    const boxes: Box[] = [
      [0, 0, 20, 20],
      [20, 10, 30, 30],
    ];
    const [seen, wanted] = [await ground(gpu, pizza, TEXT), await ground(exact, pizza, TEXT)];
    expectClose(seen.map.data, wanted.map.data);
    for (const choice of [{ head: 0 }, { word: "horse", head: 1 }, { show: "attention", word: 0 } as const]) {
      expectClose(seen.heatMap({ ...choice, size }).data, wanted.heatMap({ ...choice, size }).data);
    }
    const scores = [seen, wanted].map(({ rankBoxes }) => rankBoxes(boxes).map(({ score }) => score));
    expectClose(scores[0]!, scores[1]!);
    const ofWords = [seen, wanted].map((one) => one.words.map(({ score }) => score));
    expectClose(ofWords[0]!, ofWords[1]!);
    expectClose([seen.match!.logit], [wanted.match!.logit]);
  },
  SLOW,
);

test(
  "compare: the probability is that in double precision, in either order",
  async () => {
    const { gpu, exact } = await opened("nlvr");
    const orders = [
      [pizza, tiger],
      [tiger, pizza],
    ] as const;
    for (const images of orders) expectClose([await compare(gpu, images, TEXT)], [await compare(exact, images, TEXT)]);
  },
  SLOW,
);

test(
  "entails: the probabilities are those in double precision",
  async () => {
    const { gpu, exact } = await opened("ve");
    const [said, wanted] = [await entails(gpu, pizza, TEXT), await entails(exact, pizza, TEXT)];
    expectClose(Object.values(said), Object.values(wanted));
  },
  SLOW,
);
