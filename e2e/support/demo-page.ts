import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { expect, type Page } from "@playwright/test";

const WEIGHTS = join(import.meta.dirname, "..", "..", "weights");

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
    await expect(this.page.locator("#panels")).toHaveAttribute("aria-busy", "false", { timeout: 120_000 });
    await expect(this.page.locator("#message.error")).toBeHidden();
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

  /** Photos of a name, with the content of a file under `weights`. */
  async addPhotos(photos: readonly { name: string; from: string }[]): Promise<void> {
    const files = photos.map(({ name, from }) => ({
      name,
      mimeType: `image/${extname(from).slice(1)}`,
      buffer: readFileSync(join(WEIGHTS, from)),
    }));
    await this.page.locator("#files").setInputFiles(files);
    await expect(this.page.locator("#message")).toContainText("added", { timeout: 60_000 });
  }
}
