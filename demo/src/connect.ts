import { type Remote, wrap } from "comlink";
import type { AlbefWorker } from "./protocol.ts";

/** Starts the worker. `failed` hears of errors that belong to no call. */
export function connect(failed: (message: string) => void): Remote<AlbefWorker> {
  // In one expression: bundlers find a worker only by `new Worker(new URL(…))`.
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), {
    type: "module",
    name: document.baseURI,
  });
  worker.addEventListener("error", (event) =>
    failed(`The worker stopped: ${event.message || "it could not start"}. Reload the page.`),
  );
  worker.addEventListener("messageerror", () => failed("The worker sent something unreadable. Reload the page."));
  return wrap<AlbefWorker>(worker);
}
