import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { galleryPicture, sideBySide, weightsFolder } from "../testing/pictures.ts";
import type { AlbefModel } from "../types.ts";
import type { Box } from "./types.ts";

let model: AlbefModel;
beforeAll(async () => {
  model = await Albef.fromPretrained(`${weightsFolder}albef-mini`, { device: "wasm" });
});
afterAll(() => model.dispose());

const boat = galleryPicture("sailboat-fluent-3d");
const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);

function expectClose(actual: Float32Array, wanted: ArrayLike<number>): void {
  const scale = Math.max(...Array.from(wanted, Math.abs));
  const furthest = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
  expect(furthest).toBeLessThan(1e-5 * scale);
}

describe("the map of a phrase", () => {
  test("has the size of the picture; words and heads are parts of it", async () => {
    const seen = await model.ground(await sideBySide(["sailboat-fluent-3d", "tiger-fluent-3d"], 40), "A red Sailboat!");
    expect([seen.mode, seen.layer, seen.layers, seen.heads]).toEqual(["itm", 4, [3, 4, 5], 4]);
    expect([seen.map.width, seen.map.height, seen.map.data.length]).toEqual([80, 40, 3200]);
    expect(seen.words.map(({ word }) => word)).toEqual(["a", "red", "sailboat"]);
    expect(Math.max(...seen.words.map(({ score }) => score))).toBeGreaterThan(0);
    const size = { width: 8, height: 8 }; // the patches themselves
    for (const [place, { word, score }] of seen.words.entries()) {
      const { data } = seen.heatMap({ word, size });
      expect(sum(data)).toBeCloseTo(score, 4);
      expect(seen.heatMap({ word: place, size }).data).toEqual(data);
    }
    const heads = [0, 1, 2, 3].map((head) => seen.heatMap({ head, size }).data);
    expectClose(
      seen.heatMap({ size }).data,
      heads[0]!.map((_, i) => heads.reduce((all, head) => all + head[i]!, 0) / 4),
    );
    expect(seen.heatMap({ word: "red" }).data).not.toEqual(seen.map.data);
  });

  test("attention itself is a distribution over patches and class token", async () => {
    const seen = await model.ground(boat, "a boat", {
      show: "attention",
      word: "boat",
      head: 2,
      size: { width: 8, height: 8 },
    });
    expect(sum(seen.map.data)).toBeGreaterThan(0);
    expect(sum(seen.map.data)).toBeLessThanOrEqual(1 + 1e-5);
  });

  test("is what was asked for at once or later; the match is that of matchScores", async () => {
    const later = await model.ground(boat, "a red boat", { layer: 5 });
    const atOnce = await model.ground(boat, "a red boat", {
      layer: 5,
      word: "red",
      head: 1,
      size: { width: 9, height: 7 },
    });
    expect(later.heatMap({ word: "red", head: 1, size: { width: 9, height: 7 } })).toEqual(atOnce.map);
    const [match] = await model.matchScores(boat, ["a red boat"]);
    expect(later.match!.logit).toBeCloseTo(match!.logit, 4);
  });
});

test("through the contrast, the map moves to the thing that is named", async () => {
  const things = ["pizza-twemoji", "sailboat-fluent-3d", "tiger-fluent-3d", "violin-fluent-3d", "penguin-twemoji"];
  const boxes: Box[] = [
    [0, 0, 64, 64],
    [64, 0, 64, 64],
  ];
  let moved = 0;
  for (const [i, left] of things.entries()) {
    for (const step of [1, 2]) {
      const right = things[(i + step) % things.length]!;
      const picture = await sideBySide([left, right], 64);
      const shares = [left, right].map(async (name) => {
        const seen = await model.ground(picture, `a ${name.split("-")[0]}`, { mode: "itc" });
        expect([seen.words, seen.match]).toEqual([[], undefined]);
        const ranked = seen.rankBoxes(boxes);
        expect(ranked[0]!.score).toBeGreaterThanOrEqual(ranked[1]!.score);
        const inLeft = ranked.find(({ box }) => box === boxes[0])!.score;
        return inLeft / (ranked[0]!.score + ranked[1]!.score);
      });
      const [ofLeft, ofRight] = await Promise.all(shares);
      if (ofLeft! > ofRight!) moved++;
    }
  }
  expect(moved).toBeGreaterThanOrEqual(8); // of 10; by chance 8 or more happen once in 18
});

test.each([
  [{ layer: 2 }, "layer of mode itm must be 3, 4, 5, got 2"],
  [{ mode: "itc" as const, layer: 6 }, "layer of mode itc must be 0, 1, 2, 3, 4, 5, got 6"],
  [{ word: "blue" }, 'no word "blue"; its words are 0 "a", 1 "red", 2 "boat"'],
  [{ mode: "itc" as const, word: "red" }, "its words are none"],
  [{ head: 4 }, "head must be 0 to 3, got 4"],
  [{ size: { width: 0, height: 8 } }, "width of the map"],
  [{ mode: "mlm" as "itm" }, 'mode must be "itm" or "itc"'],
])("%j is refused", async (options, problem) => {
  await expect(model.ground(boat, "a red boat", options)).rejects.toThrow(problem);
});

test("longer texts than searches take are read to the end", async () => {
  const text = Array.from({ length: 31 }, (_, i) => (i % 2 ? "boat" : "red")).join(" ");
  const { words } = await model.ground(boat, text);
  expect(words).toHaveLength(30); // the caption's limit; the model holds 32 tokens
});
