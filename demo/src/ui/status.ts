import type { ProgressEvent } from "albef";
import { byId } from "../dom.ts";
import type { OpenedModel, SearchOutcome } from "../protocol/search.ts";
import { inSum } from "./downloads.ts";

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

const SAID_MS = 6000;

/** The note over the page's lower edge: progress, messages, errors. Messages go by themselves, errors stay. */
export function createStatus(onCancel: () => void) {
  const box = byId("status", HTMLDivElement);
  const message = byId("message", HTMLParagraphElement);
  const close = byId("dismiss", HTMLButtonElement);
  const progress = byId("progress", HTMLProgressElement);
  const cancel = byId("cancel", HTMLButtonElement);
  const retry = byId("retry", HTMLButtonElement);
  let timer: ReturnType<typeof setTimeout>;
  cancel.addEventListener("click", onCancel);
  const say = (text: string, isError = false) => {
    clearTimeout(timer);
    message.textContent = text;
    message.classList.toggle("error", isError);
    box.hidden = text === "";
    for (const part of [progress, cancel, retry]) part.hidden = true;
    close.hidden = !isError;
    if (!isError && text !== "") timer = setTimeout(say, SAID_MS, "");
  };
  close.addEventListener("click", () => say(""));
  return {
    say: (text: string) => say(text),
    error: (error: unknown) => say(error instanceof Error ? error.message : String(error), true),
    /** An error with a way to try once more. */
    failed(error: unknown, again: () => void) {
      this.error(error);
      retry.hidden = false;
      retry.onclick = again;
    },
    progress: inSum(({ phase, file, loaded, total, note }) => {
      clearTimeout(timer);
      box.hidden = false;
      close.hidden = true;
      message.classList.remove("error");
      message.textContent = note ?? `${VERBS[phase]} ${file.split("/").pop()}${countOf(phase, loaded, total)}`;
      progress.hidden = false;
      cancel.hidden = false;
      retry.hidden = true;
      if (total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    }),
  };
}

function countOf(phase: ProgressEvent["phase"], loaded: number, total: number | null): string {
  if (!total) return "";
  if (phase === "download") return ` (${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB)`;
  return phase === "index" ? ` (${loaded} of ${total})` : "";
}

export type Status = ReturnType<typeof createStatus>;

export function showDevice(opened: OpenedModel): void {
  const { device } = opened;
  const precision = device.f16 ? "f16" : "f32";
  const pill = byId("pill", HTMLParagraphElement);
  pill.textContent = `${KINDS[device.kind]} · ${precision}`;
  pill.hidden = false;
  byId("device", HTMLParagraphElement).textContent =
    `${KINDS[device.kind]} · ${device.description} · ${precision} – ${device.reason}`;
  showTiming(startOf(opened));
}

export function showStages({ stages }: SearchOutcome, pictures: number): void {
  const times = stages.map(({ stage, ms }) => `${STAGES[stage]} ${milliseconds(ms)}`);
  showTiming(`${times.join(" · ")} · ${pictures} pictures`);
}

/** How long the first answer took since the page was asked for, where the question was there from the start. */
export function showFirst(opened: OpenedModel): void {
  showTiming(`first result after ${milliseconds(performance.now())} · ${startOf(opened)}`);
}

function startOf({ loadMs, indexMs, isDownloaded }: OpenedModel): string {
  const gallery = `gallery ${milliseconds(indexMs)}`;
  if (loadMs === 0) return gallery; // the same model with what it learnt
  return `model ${milliseconds(loadMs)} (${isDownloaded ? "downloaded" : "kept here"}) · ${gallery}`;
}

export function showTiming(text: string): void {
  byId("timing", HTMLParagraphElement).textContent = text;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
