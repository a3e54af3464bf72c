import { expect, test } from "vitest";
import { type Box, boxIou, boxScore, chooseBox, groundingAccuracy, type ScoreMap } from "./box-ranking.ts";

/** 4 x 3 pixels; the right half holds 1, one pixel -5. */
const map: ScoreMap = { width: 4, height: 3, data: Float32Array.of(0, 0, 1, 1, 0, -5, 1, 1, 0, 0, 1, 1) };
const right: Box = [2, 0, 2, 3];
const hole: Box = [1, 1, 1, 1];

test("scores worked by hand: the sum over the root of the area, corners cut to whole pixels", () => {
  expect(boxScore(map, right)).toBeCloseTo(6 / Math.sqrt(6), 12);
  expect(boxScore(map, [2.9, 0.9, 1.2, 2.2])).toBeCloseTo(6 / Math.sqrt(1.2 * 2.2), 6); // from 2, 0 to 4, 3
  expect(boxScore(map, [3, 2, 9, 9])).toBeCloseTo(1 / 9, 12); // what lies outside counts in the area alone
});

test("overlaps worked by hand, pixels at both ends belonging to a box", () => {
  expect(boxIou([0, 0, 4, 4], [0, 0, 4, 4])).toBe(1);
  expect(boxIou([0, 0, 4, 4], [2, 0, 4, 4])).toBeCloseTo(8 / 24, 12);
  expect(boxIou([0, 0, 4, 4], [4, 0, 4, 4])).toBe(0);
  expect(boxIou([0, 0, 4, 4], [3, 0, 4, 4])).toBe(0); // one column in common is none, as official
});

test("no score above 0: the highest, or as official the box of the sample before", () => {
  const sample = { map, boxes: [hole, [0, 0, 1, 1] as Box], reference: [0, 0, 1, 1] as Box };
  expect(chooseBox(sample)).toEqual({ box: [0, 0, 1, 1], iou: 0 }); // a pixel's box has no extent to overlap in
  expect(chooseBox(sample, { faithful: true, previous: right }).box).toBe(right);
  expect(chooseBox(sample, { faithful: true })).toEqual({ box: undefined, iou: 0 });
  expect(chooseBox({ ...sample, boxes: [] })).toEqual({ box: undefined, iou: 0 });
  expect(chooseBox({ map, boxes: [hole, right], reference: right }, { faithful: true })).toEqual({
    box: right,
    iou: 1,
  });
});

test("accuracies of each split, half an overlap being enough", () => {
  const outcomes = [
    { split: "val", iou: 0.5 },
    { split: "testA", iou: 0.49 },
    { split: "val", iou: 0 },
  ];
  expect(groundingAccuracy(outcomes)).toEqual({ val: 0.5, testA: 0 });
});
