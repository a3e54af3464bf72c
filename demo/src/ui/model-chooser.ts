import { byId } from "../dom.ts";
import type { ModelChoice } from "../protocol.ts";

/** The dialog in which another model is chosen. */
export function onModelChoice(choose: (choice: ModelChoice) => void): void {
  const dialog = byId("model", HTMLDialogElement);
  const url = byId("model-url", HTMLInputElement);
  const files = byId("model-files", HTMLInputElement);
  byId("model-button", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "embedded") choose({ kind: "embedded" });
    if (dialog.returnValue === "url" && url.value) choose({ kind: "url", url: url.value });
  });
  files.addEventListener("change", () => {
    const chosen = [...(files.files ?? [])];
    dialog.close("files");
    if (chosen.length > 0) choose({ kind: "files", files: chosen });
  });
}
