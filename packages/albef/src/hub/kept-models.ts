import { keptModels } from "./local.ts";
import { MANIFEST_NAME } from "./manifest.ts";

/** Names of the models that this browser keeps under `opfs:name`, those only that were written to the end. */
export async function keptModelNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, entry] of (await keptModels()).entries()) {
    if (entry.kind === "directory" && (await holds(entry as FileSystemDirectoryHandle, MANIFEST_NAME)))
      names.push(name);
  }
  return names.sort();
}

/** Frees what a kept model takes; one that is not there is no error. */
export async function removeKeptModel(name: string): Promise<void> {
  try {
    await (await keptModels()).removeEntry(name, { recursive: true });
  } catch (error) {
    if ((error as Error).name !== "NotFoundError") throw error;
  }
}

async function holds(folder: FileSystemDirectoryHandle, file: string): Promise<boolean> {
  try {
    await folder.getFileHandle(file);
    return true;
  } catch {
    return false;
  }
}
