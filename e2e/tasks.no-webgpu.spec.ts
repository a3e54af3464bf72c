import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";
import { showsWhereWordsAre } from "./support/flows.ts";
import { tinyTask } from "./support/tiny-task.ts";

test("without WebGPU: where the words are, by word, layer and head", ({ page }) => showsWhereWordsAre(page, "auto"));

for (const { tab, checkpoint, answers, shares } of [
  { tab: "Ask", checkpoint: "vqa", answers: "VQA", shares: 6 },
  { tab: "Compare", checkpoint: "nlvr", answers: "NLVR", shares: 2 },
  { tab: "Entails", checkpoint: "ve", answers: "VE", shares: 3 },
] as const) {
  test(`${tab}: says which checkpoint it needs, and answers with one`, async ({ page }) => {
    const demo = new DemoPage(page);
    await demo.open("auto");
    await page.getByRole("link", { name: tab, exact: true }).click();
    const panel = page.locator(`#panel-${tab.toLowerCase()}`);
    await expect(panel.locator(".needs")).toContainText(answers);
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
