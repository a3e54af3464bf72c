import { expect, type Page } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";

/** Queries and a picture that must be among the first five of the embedded gallery. */
const KNOWN = [
  { text: "a pizza", wanted: "gallery/pizza-twemoji.webp" },
  { text: "a sailboat", wanted: "gallery/sailboat-fluent-3d.webp" },
  { text: "a sunflower", wanted: "gallery/sunflower-emojione.webp" },
];

export async function findsKnownPictures(page: Page, device: string, shownAs: string): Promise<void> {
  const demo = new DemoPage(page);
  await demo.open(device);
  await expect(page.locator("#pill")).toContainText(shownAs);
  for (const { text, wanted } of KNOWN) expect((await demo.search(text)).slice(0, 5), text).toContain(wanted);
  expect(await page.locator(".hit .scores").first().textContent()).toMatch(/#1 .*ITC 0\.\d\d/);
  await page.locator(".hit .picture").first().click();
  await expect(page.locator("#query")).toHaveValue("");
  expect(await demo.shown()).not.toContain(KNOWN.at(-1)!.wanted);
  expect(demo.errors).toEqual([]);
}

/** Own photos: added, found, there after a reload, removed. */
export async function keepsOwnPhotos(page: Page, device: string): Promise<void> {
  const demo = new DemoPage(page);
  await demo.open(device);
  await demo.addPhotos([
    { name: "holiday.webp", from: "sailboat-fluent-3d.webp" },
    { name: "lunch.webp", from: "pizza-twemoji.webp" },
  ]);
  await page.locator("#mine").check();
  expect(await demo.search("a pizza")).toEqual(["own/lunch.webp", "own/holiday.webp"]);
  await page.reload();
  await demo.ready();
  await expect(page.locator("#own-count")).toContainText("2 of your photos");
  await page.locator("#mine").check();
  expect((await demo.search("a sailboat"))[0]).toBe("own/holiday.webp");
  await expect(page.locator(".hit img").first()).toHaveJSProperty("complete", true);
  await page.locator('.hit[data-id="own/holiday.webp"] .remove').click();
  await expect(page.locator("#own-count")).toContainText("1 of your photos");
  expect(demo.errors).toEqual([]);
}
