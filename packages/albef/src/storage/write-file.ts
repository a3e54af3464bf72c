type Bytes = Uint8Array<ArrayBuffer> | Blob;

/**
 * Writes a file of a folder of the origin private file system; its new contents take the old one's place only when
 * they are complete. Safari before 26 lacks `createWritable`: there, in workers, a sync access handle fills a new file
 * which is then moved.
 */
export async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  parts: readonly Bytes[],
): Promise<void> {
  const streams = typeof FileSystemFileHandle.prototype.createWritable === "function";
  const target = streams ? name : `${name}.new`;
  const existed = await exists(folder, target);
  const handle = await folder.getFileHandle(target, { create: true });
  try {
    if (streams) await writeStream(handle, parts);
    else await writeThenMove(handle, name, parts);
  } catch (error) {
    if (!existed) await folder.removeEntry(target).catch(() => undefined); // the write's own error is the one to report
    throw error;
  }
}

async function writeStream(handle: FileSystemFileHandle, parts: readonly Bytes[]): Promise<void> {
  const stream = await handle.createWritable();
  try {
    for (const part of parts) await stream.write(part);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => undefined); // a stream that failed refuses to abort
    throw error;
  }
}

interface SyncAccess {
  truncate(size: number): void;
  write(data: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
  close(): void;
}

interface SyncHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccess>;
  move?(name: string): Promise<void>;
}

async function writeThenMove(handle: SyncHandle, name: string, parts: readonly Bytes[]): Promise<void> {
  if (!handle.createSyncAccessHandle || !handle.move) {
    throw new Error(
      `${name}: this browser writes to its private file system only from a worker; load the model in one`,
    );
  }
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    let at = 0;
    for (const part of parts) {
      const bytes = part instanceof Blob ? new Uint8Array(await part.arrayBuffer()) : part;
      if (access.write(bytes, { at }) !== bytes.byteLength) {
        throw new DOMException(`${name}: no space left`, "QuotaExceededError");
      }
      at += bytes.byteLength;
    }
    access.flush();
  } finally {
    access.close();
  }
  await handle.move(name);
}

async function exists(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch {
    return false;
  }
}
