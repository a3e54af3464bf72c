import { afterEach, beforeEach, type MockInstance, vi } from "vitest";

/** Keeps what commands print from the test's own output, and tells it. */
export function watchedConsole() {
  let log: MockInstance<typeof console.log>;
  let error: MockInstance<typeof console.error>;
  beforeEach(() => {
    log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  });
  afterEach(() => vi.restoreAllMocks());
  return { printed: () => log.mock.calls.flat().join("\n"), failed: () => error.mock.calls.flat().join("\n") };
}
