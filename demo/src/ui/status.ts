import type { ProgressEvent } from "albef";
import { byId } from "../dom.ts";
import type { OpenedModel, SearchOutcome } from "../protocol.ts";

const VERBS: Readonly<Record<ProgressEvent["phase"], string>> = {
  download: "Downloading",
  read: "Reading",
  verify: "Checking",
  store: "Storing",
  convert: "Converting",
  upload: "Loading",
  compile: "Compiling",
  check: "Checking this device with",
  index: "Looking at",
};
const STAGES = { text: "words", search: "search", match: "re-ranking" } as const;
const KINDS = { webgpu: "WebGPU", wasm: "WebAssembly", cpu: "CPU" } as const;

/** The line under the search field: progress, messages, errors. */
export function createStatus(onCancel: () => void) {
  const message = byId("message", HTMLParagraphElement);
  const progress = byId("progress", HTMLProgressElement);
  const cancel = byId("cancel", HTMLButtonElement);
  const retry = byId("retry", HTMLButtonElement);
  cancel.addEventListener("click", onCancel);
  const say = (text: string, isError = false) => {
    message.textContent = text;
    message.classList.toggle("error", isError);
    progress.hidden = true;
    cancel.hidden = true;
    retry.hidden = true;
  };
  return {
    say: (text: string) => say(text),
    error: (error: unknown) => say(error instanceof Error ? error.message : String(error), true),
    /** An error with a way to try once more. */
    failed(error: unknown, again: () => void) {
      this.error(error);
      retry.hidden = false;
      retry.onclick = again;
    },
    progress({ phase, file, loaded, total, note }: ProgressEvent) {
      message.classList.remove("error");
      const count = phase === "index" && total ? ` (${loaded} of ${total})` : "";
      message.textContent = note ?? `${VERBS[phase]} ${file.split("/").pop()}${count}`;
      progress.hidden = false;
      cancel.hidden = false;
      retry.hidden = true;
      if (total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    },
  };
}

export type Status = ReturnType<typeof createStatus>;

export function showDevice({ device, loadMs, indexMs }: OpenedModel): void {
  const precision = device.f16 ? "f16" : "f32";
  const pill = byId("pill", HTMLParagraphElement);
  pill.textContent = `${KINDS[device.kind]} · ${precision}`;
  pill.hidden = false;
  byId("device", HTMLParagraphElement).textContent =
    `${KINDS[device.kind]} · ${device.description} · ${precision} – ${device.reason}`;
  showTiming(`model ${milliseconds(loadMs)} · gallery ${milliseconds(indexMs)}`);
}

export function showStages({ stages }: SearchOutcome, pictures: number): void {
  const times = stages.map(({ stage, ms }) => `${STAGES[stage]} ${milliseconds(ms)}`);
  showTiming(`${times.join(" · ")} · ${pictures} pictures`);
}

function showTiming(text: string): void {
  byId("timing", HTMLParagraphElement).textContent = text;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
