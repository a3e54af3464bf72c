import { expect, test } from "@playwright/test";
import { packedApp } from "./support/packed-app.ts";

test("the packed packages, installed into an empty app, build and search", async ({ page }) => {
  const app = await packedApp();
  try {
    for (const device of ["webgpu", "wasm"]) {
      await page.goto(`${app.address}?device=${device}`);
      await expect(page.locator("#out")).toHaveText(`${device} sailboat-fluent-3d.webp`, { timeout: 60_000 });
    }
  } finally {
    await app.close();
  }
});
