import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

const EVAL = join(import.meta.dirname, "..", "..", "weights", "gallery");

/** The page as a user sees it; notes every error the page logs. */
export class DemoPage {
  readonly errors: string[] = [];
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  /** Opens the page and waits until it can search. */
  async open(device: string): Promise<void> {
    await this.page.goto(`./?device=${device}`);
    await this.ready();
  }

  async ready(): Promise<void> {
    await expect(this.page.locator("#query")).toBeEnabled({ timeout: 120_000 });
  }

  /** Types a query; the ids of the pictures shown, best first, once its ranking is there. */
  async search(text: string): Promise<string[]> {
    const results = this.page.locator("#results");
    await results.evaluate((grid) => {
      delete grid.dataset.query;
    });
    await this.page.locator("#query").fill(text);
    await expect(results).toHaveAttribute("data-query", text, { timeout: 60_000 });
    return this.shown();
  }

  shown(): Promise<string[]> {
    return this.page
      .locator(".hit")
      .evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.id ?? ""));
  }

  async addPhotos(photos: readonly { name: string; from: string }[]): Promise<void> {
    const files = photos.map(({ name, from }) => ({
      name,
      mimeType: "image/webp",
      buffer: readFileSync(join(EVAL, from)),
    }));
    await this.page.locator("#files").setInputFiles(files);
    await expect(this.page.locator("#message")).toContainText("added", { timeout: 60_000 });
  }
}
