import { opfsRoot } from "../platform.ts";
import { writeFile } from "../storage/write-file.ts";
import type { BlobStore } from "./blob-store.ts";

const FOLDER = "albef-cache";

/** The origin private file system; null where it does not work. */
export async function opfsStore(): Promise<BlobStore | null> {
  const root = await opfsRoot();
  if (!root) return null;
  const folder = await root.getDirectoryHandle(FOLDER, { create: true }).catch(() => null);
  return folder && folderStore(folder);
}

function folderStore(folder: FileSystemDirectoryHandle): BlobStore {
  return {
    kind: "opfs",
    persistent: true,
    get: (path) => orNull(async () => (await locate(folder, path, false)).file().then((handle) => handle.getFile())),
    put: async (path, data) => {
      const place = await locate(folder, path, true);
      await writeFile(place.parent, place.name, [data]);
    },
    remove: async (path) => {
      if (path === "") {
        for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true });
        return;
      }
      await orNull(async () => {
        const { parent, name } = await locate(folder, path, false);
        await parent.removeEntry(name, { recursive: true });
      });
    },
    list: async (path) => {
      const start = path === "" ? folder : await orNull(() => directory(folder, path.split("/"), false));
      return start ? walk(start, path) : [];
    },
  };
}

async function directory(from: FileSystemDirectoryHandle, segments: readonly string[], create: boolean) {
  let handle = from;
  for (const segment of segments) handle = await handle.getDirectoryHandle(segment, { create });
  return handle;
}

async function locate(folder: FileSystemDirectoryHandle, path: string, create: boolean) {
  const segments = path.split("/");
  const name = segments.pop()!;
  const parent = await directory(folder, segments, create);
  return { parent, name, file: () => parent.getFileHandle(name) };
}

async function walk(folder: FileSystemDirectoryHandle, prefix: string): Promise<{ path: string; size: number }[]> {
  const found: { path: string; size: number }[] = [];
  for await (const [name, handle] of folder.entries()) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if (handle.kind === "directory") found.push(...(await walk(handle as FileSystemDirectoryHandle, path)));
    else found.push({ path, size: (await (handle as FileSystemFileHandle).getFile()).size });
  }
  return found;
}

/** Absent is null; any other failure is one. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException && (error.name === "NotFoundError" || error.name === "TypeMismatchError"))
      return null;
    throw error;
  }
}
