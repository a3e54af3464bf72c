import { byId, make } from "../dom.ts";
import type { ModelChoice } from "../protocol/search.ts";

/** The converted models that this browser keeps. */
export interface KeptModels {
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
  failed(error: unknown): void;
}

/** The dialog in which another model is chosen. */
export function onModelChoice(choose: (choice: ModelChoice) => void, kept: KeptModels): void {
  const dialog = byId("model", HTMLDialogElement);
  const url = byId("model-url", HTMLInputElement);
  byId("model-button", HTMLButtonElement).addEventListener("click", () => {
    dialog.showModal();
    showKept(kept, (name) => {
      dialog.close("kept");
      choose({ kind: "kept", name });
    }).catch(kept.failed);
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "embedded") choose({ kind: "embedded" });
    if (dialog.returnValue === "url" && url.value) choose({ kind: "url", url: url.value });
  });
  for (const input of [byId("model-folder", HTMLInputElement), byId("model-file", HTMLInputElement)]) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = "";
      dialog.close("files");
      if (files.length > 0) choose({ kind: "files", files });
    });
  }
}

async function showKept(kept: KeptModels, use: (name: string) => void): Promise<void> {
  const list = byId("kept-models", HTMLUListElement);
  const rows = (await kept.list()).map((name) => {
    const open = make("button", { type: "button", textContent: `Use ${name}` });
    const remove = make("button", { type: "button", className: "quiet", textContent: "Remove" });
    const row = make("li", {}, [open, remove]);
    open.addEventListener("click", () => use(name));
    remove.addEventListener("click", () => void kept.remove(name).then(() => row.remove(), kept.failed));
    return row;
  });
  list.replaceChildren(...rows);
}

/** Says which model is in use. */
export function showModel(choice: ModelChoice): void {
  const name = nameOf(choice);
  byId("model-name", HTMLElement).textContent = name;
  byId("model-button", HTMLButtonElement).textContent = name;
}

function nameOf(choice: ModelChoice): string {
  if (choice.kind === "embedded") return "albef-mini";
  if (choice.kind === "kept") return choice.name;
  if (choice.kind === "url") return choice.url.replace(/\/$/, "").split("/").pop()!;
  const file = choice.files.find(({ name }) => isWeights(name)) ?? choice.files[0];
  return file!.webkitRelativePath.split("/")[0] || file!.name.replace(/\.\w+$/, "");
}

/** Whether dropped files are a model, not photos. */
export function isModel(files: readonly File[]): boolean {
  return files.some(({ name }) => isWeights(name));
}

function isWeights(name: string): boolean {
  return /\.(pth|pt|safetensors)$/i.test(name);
}
