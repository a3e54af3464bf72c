import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";
import { showsWhereWordsAre } from "./support/flows.ts";
import { tinyTask } from "./support/tiny-task.ts";

test("without WebGPU: where the words are, by word, layer and head", ({ page }) => showsWhereWordsAre(page, "auto"));

for (const { tab, checkpoint, other, answers, shares, own, first } of [
  { tab: "Ask", checkpoint: "vqa", other: "ve", answers: "VQA", shares: 6, own: "albef-mini-scenes", first: "pink" },
  {
    tab: "Compare",
    checkpoint: "nlvr",
    other: "ve",
    answers: "NLVR",
    shares: 2,
    own: "albef-mini-pairs",
    first: "true",
  },
  {
    tab: "Entails",
    checkpoint: "ve",
    other: "vqa",
    answers: "VE",
    shares: 3,
    own: "albef-mini-scenes",
    first: "supported",
  },
] as const) {
  test(`${tab}: answers at once, says which checkpoint another model lacks, and answers with one`, async ({ page }) => {
    const demo = new DemoPage(page);
    await demo.open("auto");
    await page.getByRole("link", { name: tab, exact: true }).click();
    const panel = page.locator(`#panel-${tab.toLowerCase()}`);
    await expect(panel.locator(".result")).toContainText(`By ${own}`, { timeout: 60_000 });
    await expect(panel.locator(".bars .label").first()).toHaveText(first);
    await page.locator("#model-button").click();
    await page.locator("#model-file").setInputFiles(tinyTask(other));
    await expect(panel.locator(".needs")).toContainText(answers, { timeout: 60_000 });
    await panel.getByRole("button", { name: "Choose a model" }).click();
    await page.locator("#model-file").setInputFiles(tinyTask(checkpoint));
    await expect(panel.locator(".bars li")).toHaveCount(shares, { timeout: 60_000 });
    const values = await panel.locator(".bars .value").allTextContents();
    const percents = values.map((value) => Number.parseFloat(value));
    expect(percents).toEqual(percents.toSorted((a, b) => b - a));
    if (shares < 6) expect(percents.reduce((sum, value) => sum + value)).toBeCloseTo(100, -1);
    await panel.locator(".picker .change").first().click();
    await page.getByRole("dialog").getByTitle("a pizza", { exact: true }).click();
    await expect(panel.locator(".picker").first()).toHaveAttribute("data-id", "gallery/pizza-twemoji.webp");
    await expect(panel).toHaveAttribute("aria-busy", "false");
    expect(demo.errors).toEqual([]);
  });
}
