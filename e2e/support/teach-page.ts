import { expect, type Locator, type Page } from "@playwright/test";
import { DemoPage } from "./demo-page.ts";

const PICTURES = 12;

/** The tab in which the model learns the user's photos. */
export class TeachPage extends DemoPage {
  readonly said: Locator;

  constructor(page: Page) {
    super(page);
    this.said = page.locator(".taught");
  }

  /** With a few of the page's pictures only: each new model indexes all of them. */
  override async open(device: string): Promise<void> {
    await this.page.route("**/gallery/gallery.json", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: ((await response.json()) as unknown[]).slice(0, PICTURES) });
    });
    await super.open(device);
  }

  async show(): Promise<void> {
    await this.page.getByRole("link", { name: "Teach", exact: true }).click();
    await expect(this.page.getByRole("heading", { name: "Teach it your photos" })).toBeVisible();
    await expect(this.page.getByLabel("Lesson in use")).toHaveValue(/.*/);
  }

  async set(settings: Readonly<Record<string, string>>): Promise<void> {
    await this.page.getByText("Settings", { exact: true }).click();
    for (const [name, value] of Object.entries(settings)) await this.page.getByLabel(name).fill(value);
  }

  /** Searches the user's photos alone, in the tab for that. */
  async searchOwn(text: string): Promise<string[]> {
    await this.page.getByRole("link", { name: "Search", exact: true }).click();
    await this.page.locator("#mine").check();
    return this.search(text);
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** Waits for a step; returns its number. */
  async step(atLeast: number): Promise<number> {
    const now = async () => Number(/Step (\d+) of/.exec((await this.said.textContent()) ?? "")?.[1] ?? 0);
    await expect.poll(now, { timeout: 120_000 }).toBeGreaterThanOrEqual(atLeast);
    return now();
  }

  /** Holds the lesson; returns the steps taken. */
  async pause(): Promise<number> {
    await this.button("Pause").click();
    await expect(this.said).toContainText(", saved: the page", { timeout: 60_000 });
    return Number(/after step (\d+)/.exec((await this.said.textContent())!)![1]);
  }

  /** Waits for the end of a lesson; the losses at its beginning and end, and the mean places before and after. */
  async outcome() {
    const text = this.page.locator(".comparison");
    await expect(text).toContainText("mean place", { timeout: 240_000 });
    const numbers = (pattern: RegExp, of: string) => pattern.exec(of)!.slice(1).map(Number) as [number, number];
    const all = (await text.textContent())!;
    return {
      losses: numbers(/loss (\d+\.\d+) → (\d+\.\d+)/, all),
      places: numbers(/mean place (\d+\.\d+) → (\d+\.\d+)/, all),
      first: numbers(/Found first: (\d+) of \d+ → (\d+) of/, all),
      isHeldOut: all.includes("were held out"),
    };
  }
}
