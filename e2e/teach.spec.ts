import { expect, test } from "@playwright/test";
import { TeachPage } from "./support/teach-page.ts";
import { tinyCheckpoint } from "./support/tiny-checkpoint.ts";

/** Albums of pictures that look alike in one thing, their colour; the page holds out the last of each. */
const ALBUMS = {
  red: ["backpack-noto", "cherries-fluent-3d", "red-apple-fluent-3d", "fire-engine-fluent-flat", "red-heart-fluent-3d"],
  sun: ["banana-fluent-3d", "crying-face-noto", "lemon-streamline", "crown-noto-v1", "grinning-face-noto-v1"],
  green: ["cactus-fluent-3d", "palm-tree-streamline", "turtle-twemoji", "tennis-streamline", "green-apple-noto"],
  sea: ["butterfly-twemoji", "glasses-streamline", "t-shirt-twemoji", "fish-twemoji", "whale-noto-v1"],
  night: ["photo-hubble-deep-field", "photo-moon", "musical-keyboard-noto", "photo-flower", "photo-rocket"],
  play: ["grapes-noto", "television-emojione", "tulip-fluent-3d", "umbrella-fluent-3d", "octopus-twemoji"],
} as const;
const photos = Object.entries(ALBUMS).flatMap(([album, pictures]) =>
  pictures.map((picture, i) => ({ name: `${album}-${i + 1}.webp`, from: `gallery/${picture}.webp` })),
);
const ASKED = "night";

test("WebGPU: the smallest model learns albums, over a full disk and a reload, and finds what was held out; cancel leaves it as it was", async ({
  page,
}) => {
  test.setTimeout(300_000);
  const demo = new TeachPage(page);
  await demo.open("webgpu");
  await page.locator("#model-button").click();
  await page.locator("#model-file").setInputFiles(tinyCheckpoint("tiny_zip.pth"));
  await expect(page.locator("#model-button")).toHaveText("tiny_zip", { timeout: 60_000 });
  await demo.addPhotos(photos);
  await demo.show();
  await expect(page.locator(".speed")).toHaveText("");
  await demo.set({ Steps: "30", "Photos in a step": "8", "Learning rate": "0.002", "Share of the teacher": "0" });
  await demo.button("Train").click();
  await demo.step(2);
  await expect(page.locator(".chart canvas")).toHaveCount(2);
  await expect(page.locator(".charts")).toContainText("smoothed");
  await expect(page.locator(".charts")).toContainText("Share of the teacher (alpha)");
  const storage = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await storage.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100_000 });
  await demo.button("Pause").click();
  await expect(demo.said).toContainText(/not saved: .*(no space|quota)/i, { timeout: 60_000 });
  await storage.send("Storage.overrideQuotaForOrigin", { origin });
  await demo.button("Go on").click();
  await demo.step(3);
  const reached = await demo.pause();

  await page.reload();
  await demo.ready();
  await page.locator("#model-button").click();
  await demo.button("Use tiny_zip").click();
  await expect(page.locator(".interrupted")).toContainText(`after step ${reached} of 30`, { timeout: 60_000 });
  await demo.button("Go on with it").click();
  expect(await demo.step(reached + 1)).toBeLessThanOrEqual(30);
  const { losses, places, first, isHeldOut } = await demo.outcome();
  expect(losses[1]).toBeLessThan(0.8 * losses[0]);
  expect(isHeldOut).toBe(true);
  expect(places[0]).toBeGreaterThan(2.5);
  expect(places[1]).toBeLessThanOrEqual(1.7); // of 6; by chance with a probability of 0.5 %
  expect(first[1]).toBeGreaterThan(first[0]);

  const lesson = page.getByLabel("Lesson in use");
  await expect(lesson).toHaveValue(/24 photos/);
  const found = () => demo.searchOwn(ASKED);
  const before = await found();
  await demo.show();
  await demo.button("Train").click();
  await demo.step(1);
  await demo.button("Cancel").click();
  await expect(demo.said).toContainText("as it was before", { timeout: 60_000 });
  await expect(page.locator(".interrupted")).toBeHidden();
  await expect(lesson).toHaveValue(/24 photos/);
  expect(await found()).toEqual(before);
  expect(demo.errors).toEqual([]);
});
