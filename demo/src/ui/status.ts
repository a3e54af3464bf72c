import type { ProgressEvent } from "albef";
import { byId } from "../dom.ts";
import type { OpenedModel } from "../protocol.ts";

const VERBS: Readonly<Record<ProgressEvent["phase"], string>> = {
  download: "Downloading",
  read: "Reading",
  verify: "Checking",
  store: "Storing",
  convert: "Converting",
  upload: "Loading weights",
  compile: "Compiling",
  check: "Self-check",
  index: "Looking at",
};

/** The line under the search field: progress, messages, errors. */
export function createStatus(onCancel: () => void) {
  const message = byId("message", HTMLParagraphElement);
  const progress = byId("progress", HTMLProgressElement);
  const cancel = byId("cancel", HTMLButtonElement);
  cancel.addEventListener("click", onCancel);
  const say = (text: string, isError = false) => {
    message.textContent = text;
    message.classList.toggle("error", isError);
    progress.hidden = true;
    cancel.hidden = true;
  };
  return {
    say: (text: string) => say(text),
    error: (error: unknown) => say(error instanceof Error ? error.message : String(error), true),
    progress({ phase, file, loaded, total, note }: ProgressEvent, cancellable: boolean) {
      message.classList.remove("error");
      message.textContent = note ?? `${VERBS[phase]} ${file.split("/").pop()}`;
      progress.hidden = false;
      cancel.hidden = !cancellable;
      if (total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    },
  };
}

export type Status = ReturnType<typeof createStatus>;

export function showDevice({ device, loadMs, indexMs }: OpenedModel): void {
  const precision = device.f16 ? "f16" : "f32";
  byId("device", HTMLParagraphElement).textContent =
    `${device.kind} · ${device.description} · ${precision} – ${device.reason}`;
  showTiming(`model ${Math.round(loadMs)} ms · index ${Math.round(indexMs)} ms`);
}

export function showTiming(text: string): void {
  byId("timing", HTMLParagraphElement).textContent = text;
}
