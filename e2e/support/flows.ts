import { expect, type Page, type TestInfo } from "@playwright/test";
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
  await expect(page.locator("#like")).toContainText("Pictures like a sunflower");
  expect(await demo.shown()).not.toContain(KNOWN.at(-1)!.wanted);
  expect(demo.errors).toEqual([]);
}

/** A link with a query, opened for the first time and once more: how long the first result took is reported, not judged. */
export async function answersTheLink(page: Page, device: string, info: TestInfo): Promise<void> {
  const demo = new DemoPage(page);
  for (const [visit, from] of [
    ["cold", "downloaded"],
    ["warm", "kept here"],
  ] as const) {
    await page.goto(`./?device=${device}&q=${encodeURIComponent(KNOWN[0]!.text)}`);
    await expect(page.locator("#results")).toHaveAttribute("data-query", KNOWN[0]!.text, { timeout: 60_000 });
    expect((await demo.shown()).slice(0, 5)).toContain(KNOWN[0]!.wanted);
    const timing = page.locator("#timing");
    await expect(timing).toContainText(/first result after \d+ ms/);
    await expect(timing).toContainText(from);
    const description = (await timing.textContent()) ?? "";
    info.annotations.push({ type: `${visit} start`, description });
    console.log(`${visit} start, device ${device}: ${description}`);
  }
  expect(demo.errors).toEqual([]);
}

/** Own photos: added, found, there after a reload, removed. */
export async function keepsOwnPhotos(page: Page, device: string): Promise<void> {
  const demo = new DemoPage(page);
  await demo.open(device);
  await demo.addPhotos([
    { name: "holiday.webp", from: "gallery/sailboat-fluent-3d.webp" },
    { name: "lunch.webp", from: "gallery/pizza-twemoji.webp" },
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

/** Where: the words of a phrase, each with its map, by layer and head. */
export async function showsWhereWordsAre(page: Page, device: string): Promise<void> {
  const demo = new DemoPage(page);
  await demo.open(device);
  await page.getByRole("link", { name: "Where", exact: true }).click();
  const panel = page.locator("#panel-where");
  await expect(panel).toHaveAttribute("data-map", /^all \d all$/, { timeout: 120_000 });
  await page.getByLabel("What to look for").fill("a boat on the sea");
  await expect(panel.locator(".words button")).toHaveText(["a", "boat", "on", "the", "sea"], { timeout: 60_000 });
  await expect(panel.locator(".match")).toContainText("%");
  const phrase = await heat(page);
  expect(phrase.hot, "the hottest place of the map is drawn as such").toBe(true);
  await panel.getByRole("button", { name: "boat", exact: true }).hover();
  await expect(panel).toHaveAttribute("data-map", /^1 \d all$/);
  expect((await heat(page)).pixels).not.toBe(phrase.pixels);
  await page.getByRole("group", { name: "Head" }).getByRole("button", { name: "2", exact: true }).click();
  await expect(panel).toHaveAttribute("data-map", /^all \d 1$/);
  const before = await panel.getAttribute("data-map");
  await page.getByRole("group", { name: "Layer" }).locator('button[aria-pressed="false"]').first().click();
  await expect(panel).toHaveAttribute("data-map", /^all \d all$/, { timeout: 60_000 });
  expect(await panel.getAttribute("data-map")).not.toBe(before!.replace(/1$/, "all"));
  expect(demo.errors).toEqual([]);
}

/** What is drawn over the picture, and whether its largest value is as hot as can be. */
function heat(page: Page): Promise<{ readonly pixels: string; readonly hot: boolean }> {
  return page.locator("canvas.heat").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    const hot = Array.from({ length: data.length / 4 }).some((_, i) => data[4 * i]! > 250 && data[4 * i + 3]! > 200);
    return { pixels: canvas.toDataURL(), hot };
  });
}
