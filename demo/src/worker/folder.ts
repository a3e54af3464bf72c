/** Files by name in the origin's private file system; in memory where a browser has none. */
export interface Folder {
  names(): Promise<string[]>;
  has(name: string): Promise<boolean>;
  /** Throws where there is none of this name. */
  read(name: string): Promise<File>;
  /** The new content takes the place of the old one when it is complete. */
  write(name: string, content: Blob): Promise<void>;
  /** Removes what is there. */
  remove(name: string): Promise<void>;
}

export async function openFolder(name: string): Promise<Folder> {
  try {
    const root = await navigator.storage.getDirectory();
    return inDirectory(await root.getDirectoryHandle(name, { create: true }));
  } catch {
    return inMemory(); // private windows of some browsers refuse storage: files then last as long as the page
  }
}

function inDirectory(directory: FileSystemDirectoryHandle): Folder {
  const names = async () => {
    const found: string[] = [];
    for await (const [name, handle] of directory.entries()) if (handle.kind === "file") found.push(name);
    return found.sort();
  };
  const has = async (name: string) => (await names()).includes(name);
  return {
    names,
    has,
    read: async (name) => (await directory.getFileHandle(name)).getFile(),
    async write(name, content) {
      const stream = await (await directory.getFileHandle(name, { create: true })).createWritable();
      await stream.write(content); // into a file aside, until it is closed
      await stream.close();
    },
    async remove(name) {
      if (await has(name)) await directory.removeEntry(name);
    },
  };
}

function inMemory(): Folder {
  const files = new Map<string, File>();
  return {
    names: async () => [...files.keys()].sort(),
    has: async (name) => files.has(name),
    async read(name) {
      const file = files.get(name);
      if (!file) throw new Error(`there is no file ${name}`);
      return file;
    },
    write: async (name, content) => void files.set(name, new File([content], name)),
    remove: async (name) => void files.delete(name),
  };
}
