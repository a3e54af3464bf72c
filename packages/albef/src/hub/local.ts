import { ModelSourceError } from "../errors.ts";
import { nodeFs, nodePath, opfsRoot } from "../platform.ts";
import type { ModelFiles } from "./model-files.ts";

type LocalSource = string | readonly File[] | FileSystemDirectoryHandle;

/** `opfs:name`, a folder on disk, picked or dropped files, a picked folder. Throws ModelSourceError where it is none. */
export async function openLocal(source: LocalSource): Promise<ModelFiles> {
  if (typeof source === "string") {
    if (!source.startsWith("opfs:")) return diskFiles(source);
    return folderFiles(await keptModelFolder(source.slice("opfs:".length)), source);
  }
  if (Array.isArray(source)) return pickedFiles(source);
  if ((source as { kind?: unknown }).kind === "directory") return folderFiles(source as FileSystemDirectoryHandle);
  throw new ModelSourceError(`fromPretrained: ${String(source)} is no URL, path, list of files or folder`);
}

const MODELS_FOLDER = "albef-models";

/** Picked or dropped files, by name; folders in front of the name do not matter. */
export function pickedFiles(files: readonly File[]): ModelFiles {
  const byName = new Map(files.map((file) => [file.name, file]));
  const names = [...byName.keys()].join(", ") || "none";
  return { label: `the given files (${names})`, open: async (name) => byName.get(name) ?? null };
}

export function folderFiles(folder: FileSystemDirectoryHandle, label = `folder ${folder.name}`): ModelFiles {
  return {
    label,
    open: async (name) => {
      try {
        return await (await folder.getFileHandle(name)).getFile();
      } catch (error) {
        if ((error as Error).name === "NotFoundError") return null;
        throw error;
      }
    },
  };
}

/** A folder on disk (Node). Throws ModelSourceError where there is none. */
export function diskFiles(folder: string): ModelFiles {
  const fs = nodeFs();
  const path = nodePath();
  if (!fs || !path) throw new ModelSourceError(`${folder}: paths are read in Node only; give a URL or files`);
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ModelSourceError(
      `${folder}: is no folder; a model is a folder with config.json, tokenizer.json and weights`,
    );
  }
  return {
    label: folder,
    open: async (name) => {
      const file = path.join(folder, name);
      return fs.existsSync(file) ? fs.openAsBlob(file) : null;
    },
  };
}

/** The folder that keeps the model `opfs:name`. Throws ModelSourceError where it is not there. */
export async function keptModelFolder(name: string, { create = false } = {}): Promise<FileSystemDirectoryHandle> {
  const models = await keptModels();
  try {
    return await models.getDirectoryHandle(safeName(name), { create });
  } catch (error) {
    if ((error as Error).name !== "NotFoundError") throw error;
    throw new ModelSourceError(`opfs:${name}: no model of this name is kept in this browser`, { cause: error });
  }
}

/** The folder of all kept models. */
export async function keptModels(): Promise<FileSystemDirectoryHandle> {
  const root = await opfsRoot();
  if (!root) throw new ModelSourceError("opfs: this browser or page has no private file system");
  return root.getDirectoryHandle(MODELS_FOLDER, { create: true });
}

function safeName(name: string): string {
  if (/^[\w-][\w. -]{0,99}$/.test(name)) return name;
  throw new ModelSourceError(`opfs:${name}: a name has 1 to 100 letters, digits, spaces, dots, - or _`);
}
