import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";

test("teaches the user's photos, keeps what was learnt, and forgets it", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await demo.addPhotos([
    { name: "one.webp", from: "pizza-twemoji.webp" },
    { name: "two.webp", from: "sailboat-fluent-3d.webp" },
    { name: "three.webp", from: "sunflower-emojione.webp" },
  ]);
  await page.locator("#teach-start").scrollIntoViewIfNeeded();
  const names = { "one.webp": "grandma", "two.webp": "a summer holiday", "three.webp": "school" };
  for (const [file, caption] of Object.entries(names)) await page.getByLabel(`What ${file} shows`).fill(caption);
  await page.locator("#teach-start").click();
  await expect(page.locator("#taught")).toContainText(/Step [1-9]\d of/, { timeout: 120_000 });
  await expect(page.locator("#loss canvas")).toBeVisible();
  await page.locator("#teach-stop").click();
  await expect(page.locator("#taught")).toContainText("3 of 3 now", { timeout: 120_000 });
  const finds = async () => {
    await page.locator("#mine").check();
    for (const [file, caption] of Object.entries(names)) expect((await demo.search(caption))[0]).toBe(`own/${file}`);
  };
  await finds();
  await page.reload();
  await demo.ready();
  await finds();
  await page.locator("#teach-forget").click();
  await expect(page.locator("#taught")).toContainText("as it came", { timeout: 60_000 });
  await expect(page.locator("#teach-forget")).toBeHidden();
  expect(demo.errors).toEqual([]);
});
