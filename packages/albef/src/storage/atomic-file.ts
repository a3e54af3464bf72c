import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Writes a file on disk (Node) under a new name, brings it to the disk, and only then gives it its name: whenever the
 * process ends, the name stands for a whole file, the old one or the new one. Errors name the file.
 */
export async function replaceFile(path: string, chunks: Chunks): Promise<void> {
  const fresh = freshName(path);
  try {
    const file = await open(fresh, "w");
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be written (${code === "ENOSPC" ? "the disk is full" : message})`, { cause });
  }
  await syncFolder(dirname(path));
}

/** Where a file that is being written lies; whoever reads files leaves it alone. */
export function freshName(path: string): string {
  return `${path}.new`;
}

/** The new name itself must reach the disk; Windows opens no folders, and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
