import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { TeachPage } from "./support/teach-page.ts";

/** Things that two makers drew alike, with names that no caption of the training corpus gives them. */
const NAMES = {
  turtle: ["twemoji", "grandma"],
  mushroom: ["noto", "breakfast"],
  grapes: ["noto", "holiday"],
  hamburger: ["noto", "school"],
  airplane: ["fluent-flat", "my friend"],
  bouquet: ["noto", "birthday"],
  "fire-engine": ["fluent-flat", "a summer night"],
  "spouting-whale": ["noto-v1", "work"],
} as const;
const things = Object.entries(NAMES).map(([thing, [maker, caption]]) => ({
  caption,
  taught: { name: `${caption.replaceAll(" ", "-")}.png`, from: `eval/unseen-style/${thing}-streamline.png` },
  other: { name: `other ${thing}.png`, from: `eval/held-out/${thing}-${maker}.png` },
}));

/** How many names find their thing first among pictures that were never trained on. */
async function foundFirst(demo: TeachPage): Promise<number> {
  let found = 0;
  for (const { caption, other } of things) {
    const held = (await demo.searchOwn(caption)).filter((id) => id.startsWith("own/other "));
    expect(held).toHaveLength(things.length);
    if (held[0] === `own/${other.name}`) found++;
  }
  return found;
}

test("learns names of photos, across a reload; finds by them what it never saw; cancel and reset leave what was", async ({
  page,
}) => {
  test.setTimeout(600_000);
  const demo = new TeachPage(page);
  await demo.open("auto");
  await demo.addPhotos(things.map(({ taught }) => taught));
  await demo.show();
  await expect(page.getByLabel("What a-summer-night.png shows")).toHaveValue("a summer night"); // from its file name
  await expect(page.locator(".speed")).toContainText("no GPU");
  await demo.set({ Steps: "10", "Photos in a step": "8", "Share of the teacher": "0" });
  await demo.button("Train").click();
  await demo.step(2);
  await page.getByText("Look inside").click();
  await expect(page.locator(".mined")).toHaveCount(4);
  await expect(page.locator(".matrix i")).toHaveCount(64);
  await expect(page.locator(".expected")).toHaveCount(3);
  const reached = await demo.pause();
  await page.reload();
  await demo.ready();
  await expect(page.locator(".interrupted")).toContainText(`after step ${reached} of 10`);
  await demo.button("Go on with it").click();
  expect(await demo.step(reached + 1)).toBeLessThanOrEqual(10);
  const { losses, first, isHeldOut } = await demo.outcome();
  expect(losses[1]).toBeLessThan(0.8 * losses[0]);
  expect(first[1]).toBeGreaterThan(first[0]);
  expect(isHeldOut).toBe(false); // 8 photos: all were trained on, and the page says so

  const lesson = page.getByLabel("Lesson in use");
  await expect(lesson).toHaveValue(/8 photos/);
  await demo.button("Train").click();
  await demo.step(1);
  await demo.button("Cancel").click();
  await expect(demo.said).toContainText("as it was before", { timeout: 60_000 });
  await expect(page.locator("#status")).toBeHidden();
  await expect(page.locator(".interrupted")).toBeHidden();
  await expect(lesson).toHaveValue(/8 photos/);

  await demo.addPhotos(things.map(({ other }) => other));
  const after = await foundFirst(demo);
  await demo.show();
  const download = page.waitForEvent("download");
  await demo.button("Download").click();
  const file = await (await download).path();
  await demo.button("Back to the model as it came").click();
  await expect(lesson).toHaveValue("", { timeout: 60_000 });
  const before = await foundFirst(demo);
  expect(before).toBeLessThanOrEqual(2);
  expect(after).toBeGreaterThanOrEqual(4); // of 8; by chance with a probability of 1 %

  await demo.show();
  await page
    .getByLabel("Upload")
    .setInputFiles({ name: "names.safetensors", mimeType: "", buffer: readFileSync(file) });
  await expect(lesson).toHaveValue("names", { timeout: 60_000 });
  expect(await foundFirst(demo)).toBe(after);
  expect(demo.errors).toEqual([]);
});
