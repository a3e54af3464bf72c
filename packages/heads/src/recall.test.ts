import { expect, it } from "vitest";
import { recallAtK, retrievalMetrics } from "./recall.ts";
import { scoreMatrix, transposeScores } from "./retrieval.ts";

const textToImage = scoreMatrix(2, 4, new Float32Array([0.9, 0.1, 0.2, 0.3, 0.8, 0.5, 0.6, 0.7]));

it("pictures without a caption distract: they take places of the captions' ranks, and are not asked themselves", () => {
  const { imageRecall, textRecall } = retrievalMetrics(
    { textToImage, imageToText: transposeScores(textToImage) },
    [[0], [1], [], []],
    [0, 1],
  );
  expect([imageRecall.r1, imageRecall.r5]).toEqual([50, 100]);
  expect([textRecall.r1, textRecall.r5]).toEqual([100, 100]);
});

it("of equal scores the higher index ranks first", () => {
  const equal = scoreMatrix(2, 2, new Float32Array([1, 1, 1, 1]));
  expect(recallAtK(equal, [[0], [1]]).r1).toBe(50);
});
