import { expect, type Page, test } from "@playwright/test";
import { importInNode } from "./support/import-in-node.ts";
import { type PackedApp, packedApp } from "./support/packed-app.ts";

let app: PackedApp;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  app = await packedApp();
});
test.afterAll(() => app.close());

/** All that a page of ours needs. No inline script, no eval. */
const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' blob:";
/** tfjs compiles wasm, and its threads are workers made of the text of its script. */
const WITH_WASM = `${STRICT.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval' blob:")}; worker-src blob:`;

/** Answers for the page itself with a content security policy; its scripts and files come as they are. */
async function under(page: Page, policy: string): Promise<string[]> {
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) violations.push(message.text());
  });
  await page.route(/\/(\?.*)?$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
  });
  return violations;
}

async function expectSearch(page: Page, path: string, device: string): Promise<void> {
  await page.goto(`${app.address}${path}?device=${device}`);
  await expect(page.locator("#out")).toHaveText(`${device} sailboat-fluent-3d.webp`, { timeout: 60_000 });
}

for (const [device, policy] of [
  ["webgpu", STRICT],
  ["wasm", WITH_WASM],
] as const) {
  test(`the packed packages in an empty app, built by Vite, search on ${device} under a strict policy`, async ({
    page,
  }) => {
    const violations = await under(page, policy);
    await expectSearch(page, "", device);
    expect(violations).toEqual([]);
  });
}

test("bundled by esbuild; and not bundled at all, from an import map", async ({ page }) => {
  for (const path of ["esbuild/", "plain/"]) await expectSearch(page, path, "webgpu");
});

test("imported by a server that renders pages: no navigator, no window, nothing said", async () => {
  for (const file of ["server.mjs", "server-bundle.mjs"]) {
    expect(await importInNode(app.folder, file)).toEqual({ stdout: "undefined function\n", stderr: "" });
  }
});
