import { byId } from "../dom.ts";
import type { ModelChoice } from "../protocol.ts";

/** The dialog in which another model is chosen. */
export function onModelChoice(choose: (choice: ModelChoice) => void): void {
  const dialog = byId("model", HTMLDialogElement);
  const url = byId("model-url", HTMLInputElement);
  byId("model-button", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
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

/** Whether dropped files are a model, not photos. */
export function isModel(files: readonly File[]): boolean {
  return files.some((file) => /\.(pth|pt|safetensors)$/i.test(file.name));
}
