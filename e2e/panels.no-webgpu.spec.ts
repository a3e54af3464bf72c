import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";

test("Scenes: both rankings side by side, foils marked, all pairs tested", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await page.getByRole("link", { name: "Scenes", exact: true }).click();
  const panel = page.locator("#panel-scenes");
  await expect(panel).toHaveAttribute("data-query", "the cat is green", { timeout: 60_000 });
  await expect(panel.locator(".scene")).toHaveCount(12);
  await panel.getByRole("button", { name: "a key is right of a frog", exact: true }).click();
  await expect(panel).toHaveAttribute("data-query", "a key is right of a frog", { timeout: 60_000 });
  const orders = await panel
    .locator(".ranking")
    .evaluateAll((lists) => lists.map((list) => [...list.children].map((item) => (item as HTMLElement).dataset.id)));
  expect(orders[0]).not.toEqual(orders[1]);
  await expect(panel.locator(".sides section > .small").first()).toHaveText(
    /^The scene it is true of is #\d+ of 80\.\s*$/,
  );
  expect(await panel.locator(".scene .scores").first().textContent()).toMatch(/ITC −?0\.\d\d · ITM −?\d+\.\d/);
  await panel.getByRole("button", { name: "Test all pairs" }).click();
  await expect(panel.locator(".foils p")).toContainText(
    /in \d+ of 80 scenes .* in \d+ by .* guessing would be right in 40/,
    {
      timeout: 90_000,
    },
  );
  expect(demo.errors).toEqual([]);
});

test("Profile: every kernel with its time, and a file for trace viewers", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await page.getByRole("link", { name: "Profile", exact: true }).click();
  const panel = page.locator("#panel-profile");
  await panel.getByRole("button", { name: "Measure" }).click();
  await expect(panel.locator("table")).toHaveCount(4, { timeout: 90_000 });
  await expect(panel.locator("h2").first()).toContainText(/Image encoder: \d+(\.\d+)? ms, \d+ kernels/);
  const rows = await panel.locator("tbody tr").count();
  const download = page.waitForEvent("download");
  await panel.getByRole("link", { name: "Download the trace" }).click();
  const { traceEvents } = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  expect(traceEvents.filter(({ ph }: { ph: string }) => ph === "X")).toHaveLength(rows);
  expect(demo.errors).toEqual([]);
});
