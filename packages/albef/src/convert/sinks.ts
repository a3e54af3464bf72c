import { ModelSourceError } from "../errors.ts";
import { keptModelFolder, keptModels } from "../hub/local.ts";

/** Where the files of a model are written. */
export interface ModelSink {
  /** Names a place, for people. */
  readonly label: string;
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** All files are there. */
  commit(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** The model `opfs:name` of this browser. What was kept under the name is replaced. In a worker. */
export async function opfsSink(name: string): Promise<ModelSink> {
  const folder = await keptModelFolder(name, { create: true });
  const abort = async () => (await keptModels()).removeEntry(folder.name, { recursive: true });
  for await (const old of folder.keys()) await folder.removeEntry(old);
  return {
    label: `opfs:${name}`,
    async write(file, chunks) {
      const handle = await folder.getFileHandle(file, { create: true });
      const access = await syncAccess(handle);
      try {
        access.truncate(0);
        let at = 0;
        for await (const chunk of chunks) at += access.write(chunk as Uint8Array<ArrayBuffer>, { at });
        access.flush();
      } finally {
        access.close();
      }
    },
    commit: async () => undefined,
    abort,
  };
}

interface SyncAccess {
  truncate(size: number): void;
  write(data: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

/** Every browser with the private file system has these in workers, and files of gigabytes need no second copy. */
async function syncAccess(handle: FileSystemFileHandle): Promise<SyncAccess> {
  const { createSyncAccessHandle } = handle as { createSyncAccessHandle?: () => Promise<SyncAccess> };
  if (createSyncAccessHandle) return createSyncAccessHandle.call(handle);
  throw new ModelSourceError("opfs: models are written from a worker only; convert in one");
}
