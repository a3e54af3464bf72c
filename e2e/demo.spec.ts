import { test } from "@playwright/test";
import { findsKnownPictures, keepsOwnPhotos } from "./support/flows.ts";

test("WebGPU: search finds the right pictures", ({ page }) => findsKnownPictures(page, "webgpu", "WebGPU"));

test("WebGPU: own photos are added, found, kept and removed", ({ page }) => keepsOwnPhotos(page, "webgpu"));
