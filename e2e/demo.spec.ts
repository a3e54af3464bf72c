import { test } from "@playwright/test";
import { answersTheLink, findsKnownPictures, keepsOwnPhotos, showsWhereWordsAre } from "./support/flows.ts";

test("WebGPU: search finds the right pictures", ({ page }) => findsKnownPictures(page, "webgpu", "WebGPU"));

test("WebGPU: a link with a query is answered; time to the first result", ({ page }, info) =>
  answersTheLink(page, "webgpu", info));

test("WebGPU: own photos are added, found, kept and removed", ({ page }) => keepsOwnPhotos(page, "webgpu"));

test("WebGPU: where the words are, by word, layer and head", ({ page }) => showsWhereWordsAre(page, "webgpu"));
