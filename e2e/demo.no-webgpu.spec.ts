import { expect, test } from "@playwright/test";
import { DemoPage } from "./support/demo-page.ts";
import { answersTheLink, findsKnownPictures, keepsOwnPhotos } from "./support/flows.ts";
import { tinyCheckpoint } from "./support/tiny-checkpoint.ts";

test("without WebGPU: search finds the right pictures, and says what it runs on", async ({ page }) => {
  await findsKnownPictures(page, "auto", "WebAssembly");
  await expect(page.locator("#device")).toContainText(/no WebGPU|no adapter/);
});

test("without WebGPU: a link with a query is answered; time to the first result", ({ page }, info) =>
  answersTheLink(page, "auto", info));

test("without WebGPU: own photos are added, found, kept and removed", ({ page }) => keepsOwnPhotos(page, "auto"));

test("works offline after the first visit", async ({ page, context }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.reload();
  await demo.ready();
  expect((await demo.search("a pizza")).slice(0, 5)).toContain("gallery/pizza-twemoji.webp");
  await context.setOffline(false);
});

test("re-ranking shows both scores and what it moved", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await page.locator("#rerank").check();
  await demo.search("a dog");
  await expect(page.locator("#timing")).toContainText("re-ranking");
  await expect(page.locator(".hit .scores").first()).toContainText("ITM");
  expect(demo.errors).toEqual([]);
});

test("a file that is no picture is named, the others are added", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  await page.locator("#files").setInputFiles({
    name: "broken.png",
    mimeType: "image/png",
    buffer: Buffer.from("not a picture"),
  });
  await expect(page.locator("#message.error")).toContainText("broken.png");
  expect((await demo.search("a dog")).length).toBeGreaterThan(0);
});

test("weights that do not arrive are an error with a way on", async ({ page }) => {
  const demo = new DemoPage(page);
  await page.route("**/albef-mini/config.json", (route) => route.fulfill({ status: 404, body: "" }));
  await page.goto("./");
  await expect(page.locator("#message.error")).toContainText("config.json");
  await page.unroute("**/albef-mini/config.json");
  await page.locator("#retry").click();
  await demo.ready();
});

test("a worker that cannot start is said on the page", async ({ page }) => {
  await page.route("**/assets/worker-*", (route) => route.fulfill({ status: 500, body: "" }));
  await page.goto("./");
  await expect(page.locator("#message.error")).toContainText("worker stopped");
});

test("an official .pth is converted here, kept, found again, and removed", async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open("auto");
  const choose = async (checkpoint: string) => {
    await page.locator("#model-button").click();
    await page.locator("#model-file").setInputFiles(tinyCheckpoint(checkpoint));
  };
  await choose("malicious_os_system_p2_zip.pth");
  await expect(page.locator("#message.error")).toContainText("posix.system");
  expect((await demo.search("a dog")).length).toBeGreaterThan(0); // the old model is still there
  await choose("tiny_zip.pth");
  await expect(page.locator("#model-button")).toHaveText("tiny_zip", { timeout: 60_000 });
  await demo.ready();
  expect((await demo.search("a dog")).length).toBeGreaterThan(0);
  await page.reload();
  await demo.ready();
  await page.locator("#model-button").click();
  await expect(page.locator("#kept-models li")).toHaveCount(1);
  await page.getByRole("button", { name: "Use tiny_zip" }).click();
  await expect(page.locator("#model")).toBeHidden();
  await demo.ready();
  expect((await demo.search("a cat")).length).toBeGreaterThan(0);
  await page.locator("#model-button").click();
  await page.locator("#kept-models").getByRole("button", { name: "Remove" }).click();
  await expect(page.locator("#kept-models li")).toHaveCount(0);
  expect(demo.errors).toEqual([]);
});
