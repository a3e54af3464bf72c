import { expect, test } from "@playwright/test";
import { TeachPage } from "./support/teach-page.ts";
import { tinyCheckpoint } from "./support/tiny-checkpoint.ts";

test("WebGPU: the smallest model learns, and what it learnt is kept", async ({ page }) => {
  const demo = new TeachPage(page);
  await demo.open("webgpu");
  await page.locator("#model-button").click();
  await page.locator("#model-file").setInputFiles(tinyCheckpoint("tiny_zip.pth"));
  await expect(page.locator("#model-button")).toHaveText("tiny_zip", { timeout: 60_000 });
  await demo.addPhotos([
    { name: "grandma.webp", from: "gallery/pizza-twemoji.webp" },
    { name: "school.webp", from: "gallery/sailboat-fluent-3d.webp" },
    { name: "holiday.webp", from: "gallery/sunflower-emojione.webp" },
  ]);
  await demo.show();
  await expect(page.locator(".speed")).toHaveText("");
  await demo.set({ Steps: "12", "Share of the teacher": "0" });
  await demo.button("Train").click();
  const { losses } = await demo.outcome();
  expect(losses[1]).toBeLessThan(0.8 * losses[0]);
  await expect(page.getByLabel("Lesson in use")).toHaveValue(/3 photos/);
  expect(demo.errors).toEqual([]);
});
