import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";
import { serveModel, writeModel } from "./support/served-model.ts";

test("a model from an address on another server, and from a folder of this machine", async ({ page }, info) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  const button = page.locator("#model-button");
  const fromAddress = async (url: string) => {
    await button.click();
    await page.locator("#model-url").fill(url);
    await page.getByRole("button", { name: "Load from this address" }).click();
  };
  const served = await serveModel();
  try {
    await fromAddress(served.url);
    await expect(button).toHaveText("tiny", { timeout: 60_000 });
    await expect(page.locator("#timing")).toContainText("downloaded");
    expect((await demo.search("a dog")).length).toBeGreaterThan(0);
  } finally {
    await served.stop();
  }
  const folder = info.outputPath("my-model");
  writeModel(folder);
  await button.click();
  await page.locator("#model-folder").setInputFiles(folder);
  await expect(button).toHaveText("my-model", { timeout: 60_000 });
  await demo.ready();
  expect((await demo.search("a cat")).length).toBeGreaterThan(0);
  expect(demo.errors).toEqual([]);
  await fromAddress("http://127.0.0.1:9/none/");
  await expect(page.locator("#message.error")).toContainText("http://127.0.0.1:9/none/", { timeout: 60_000 });
  expect((await demo.search("a dog")).length).toBeGreaterThan(0); // the model before is still there
});
