import type { DecodableImage } from "@albef/encoder";
import { nodeFs, nodePath, nodeUrl } from "../platform.ts";
import { DatasetError } from "./errors.ts";

/** Files by their paths, with `/` between folders. Contents are read when they are asked for. */
export interface FileTree {
  /** Where they lie, for errors. */
  readonly label: string;
  /** All paths, sorted, so that every run sees one order. */
  paths(): Promise<readonly string[]>;
  /** Throws DatasetError where there is no such file. */
  open(path: string): Promise<Blob>;
  /** The picture at a path, to be read later; a missing one is told when it is read, or is undefined at once. */
  picture(path: string): Promise<DecodableImage | undefined>;
}

/** A folder on disk (Node). */
export function diskTree(folder: string): FileTree {
  const [fs, path, url] = [nodeFs()!, nodePath()!, nodeUrl()!];
  const place = (name: string) => path.resolve(folder, name);
  return {
    label: folder,
    async paths() {
      const entries = await fs.promises.readdir(folder, { recursive: true, withFileTypes: true });
      const names = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
      return names.map((name) => path.relative(folder, name).split(path.sep).join("/")).sort();
    },
    async open(name) {
      if (!fs.existsSync(place(name))) throw new DatasetError(`${folder}: has no ${name}`);
      return fs.openAsBlob(place(name));
    },
    picture: async (name) => url.pathToFileURL(place(name)),
  };
}

/** Picked or dropped files, by the paths they had in their folder, else by name. */
export function filesTree(files: readonly File[]): FileTree {
  const byPath = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
  const label = `the ${files.length} files`;
  return {
    label,
    paths: async () => [...byPath.keys()].sort(),
    async open(path) {
      const file = byPath.get(path);
      if (file) return file;
      throw new DatasetError(`${label}: hold no ${path}`);
    },
    picture: async (path) => byPath.get(path) ?? files.find(({ name }) => name === path.split("/").at(-1)),
  };
}

/** A folder that the user picked in a browser. */
export function pickedTree(folder: FileSystemDirectoryHandle): FileTree {
  const open = async (path: string) => {
    let at = folder;
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    for (const part of parts.slice(0, -1)) at = await at.getDirectoryHandle(part);
    return (await at.getFileHandle(parts.at(-1) ?? "")).getFile();
  };
  return {
    label: `folder ${folder.name}`,
    async paths() {
      const found: string[] = [];
      for await (const path of walk(folder, "")) found.push(path);
      return found.sort();
    },
    async open(path) {
      const file = await open(path).catch(() => undefined);
      if (file) return file;
      throw new DatasetError(`folder ${folder.name}: has no ${path}`);
    },
    picture: (path) => open(path).catch(() => undefined),
  };
}

async function* walk(folder: FileSystemDirectoryHandle, prefix: string): AsyncGenerator<string> {
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === "directory") yield* walk(handle as FileSystemDirectoryHandle, `${prefix}${name}/`);
    else yield prefix + name;
  }
}
