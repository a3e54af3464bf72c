/** The user's photos in the origin's private file system; in memory where a browser has none. */
export interface PhotoStore {
  names(): Promise<string[]>;
  read(name: string): Promise<File>;
  write(file: File): Promise<void>;
  remove(name: string): Promise<void>;
}

const FOLDER = "albef-demo-photos";

export async function openPhotoStore(): Promise<PhotoStore> {
  try {
    const root = await navigator.storage.getDirectory();
    return inFolder(await root.getDirectoryHandle(FOLDER, { create: true }));
  } catch {
    return inMemory(); // private windows of some browsers refuse storage: photos then last as long as the page
  }
}

function inFolder(folder: FileSystemDirectoryHandle): PhotoStore {
  return {
    async names() {
      const names: string[] = [];
      for await (const [name, handle] of folder.entries()) if (handle.kind === "file") names.push(name);
      return names.sort();
    },
    read: async (name) => (await folder.getFileHandle(name)).getFile(),
    async write(file) {
      const stream = await (await folder.getFileHandle(file.name, { create: true })).createWritable();
      await stream.write(file); // takes the place of the old content only when it is closed
      await stream.close();
    },
    remove: (name) => folder.removeEntry(name),
  };
}

function inMemory(): PhotoStore {
  const files = new Map<string, File>();
  return {
    names: async () => [...files.keys()].sort(),
    async read(name) {
      const file = files.get(name);
      if (!file) throw new Error(`no photo is called ${name}`);
      return file;
    },
    write: async (file) => void files.set(file.name, file),
    remove: async (name) => void files.delete(name),
  };
}
