import { afterEach, expect, test } from "vitest";
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
