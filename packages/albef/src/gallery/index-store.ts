import { GalleryFileError } from "../errors.ts";
import { nodeFs, nodeUrl, opfsRoot } from "../platform.ts";
import { writeFile } from "../storage/write-file.ts";
import { readIndex } from "./read-index.ts";

const FOLDER = "albef-galleries";

/** Writes a file to `opfs:name` or, in Node, a path. The old contents stay until the new ones are complete. */
export async function writeTarget(target: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
  if (target.startsWith("opfs:")) {
    await writeFile(await galleries(target), nameOf(target), [data]);
    return;
  }
  const fs = nodeFs();
  if (!fs) throw new GalleryFileError(`${target}: in a browser a gallery is saved to opfs:name; toBlob() gives a file`);
  const fresh = `${target}.${process.pid}.new`;
  try {
    await fs.promises.writeFile(fresh, data);
    await fs.promises.rename(fresh, target);
  } catch (error) {
    await fs.promises.rm(fresh, { force: true });
    throw error;
  }
}

/** A saved gallery. Throws GalleryFileError, which says what is wrong, unless it is whole and sound. */
export async function readSaved(source: string | URL | Blob, signal?: AbortSignal) {
  const { file, where } = await readSource(source, signal);
  return { saved: readIndex(file, where), where };
}

/** The bytes of a saved gallery and its name for errors. */
async function readSource(source: string | URL | Blob, signal?: AbortSignal) {
  if (source instanceof Blob)
    return { file: await bytesOf(source), where: source instanceof File ? source.name : "gallery" };
  const where = String(source);
  if (where.startsWith("opfs:")) return { file: await readOpfs(where), where };
  if (!/^(https?|blob|data):/.test(where) && nodeFs()) return { file: await readDisk(where), where };
  const base = (globalThis.location as Location | undefined)?.href;
  const response = await fetch(new URL(where, base), signal ? { signal } : {});
  if (!response.ok) throw new GalleryFileError(`${where}: the server answered ${response.status}`);
  return { file: await bytesOf(await response.blob()), where };
}

async function readDisk(where: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = where.startsWith("file:") ? nodeUrl()!.fileURLToPath(where) : where;
  try {
    return new Uint8Array(await nodeFs()!.promises.readFile(path));
  } catch (cause) {
    throw new GalleryFileError(`${where}: cannot be read (${(cause as Error).message})`, { cause });
  }
}

async function readOpfs(where: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const handle = await (await galleries(where)).getFileHandle(nameOf(where));
    return await bytesOf(await handle.getFile());
  } catch (cause) {
    if ((cause as Error).name !== "NotFoundError") throw cause;
    throw new GalleryFileError(`${where}: no gallery of this name is kept in this browser`, { cause });
  }
}

async function galleries(where: string): Promise<FileSystemDirectoryHandle> {
  const root = await opfsRoot();
  if (!root) throw new GalleryFileError(`${where}: this browser or page has no private file system; use toBlob()`);
  return root.getDirectoryHandle(FOLDER, { create: true });
}

function nameOf(where: string): string {
  const name = where.slice("opfs:".length);
  if (/^[\w-][\w. -]{0,99}$/.test(name)) return name;
  throw new GalleryFileError(`${where}: a name has 1 to 100 letters, digits, spaces, dots, - or _`);
}

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}
