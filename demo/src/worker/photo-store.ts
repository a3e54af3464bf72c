/** The user's photos in the origin's private file system; in memory where a browser has none. */
export interface PhotoStore {
  names(): Promise<string[]>;
  read(name: string): Promise<File>;
  write(name: string, file: Blob): Promise<void>;
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
    async write(name, file) {
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await stream.write(file); // takes the place of the old content only when it is closed
      await stream.close();
    },
    remove: (name) => folder.removeEntry(name),
  };
}

/** `name`, or `name (2)`, … where that is taken by another photo. */
export async function freeName(store: PhotoStore, file: File): Promise<string> {
  const taken = new Set(await store.names());
  const dot = file.name.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [file.name.slice(0, dot), file.name.slice(dot)] : [file.name, ""];
  for (let n = 1; ; n++) {
    const name = n === 1 ? file.name : `${stem} (${n})${end}`;
    if (!taken.has(name)) return name;
    if (await sameBytes(file, await store.read(name))) return name;
  }
}

async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const [x, y] = (await Promise.all([a.arrayBuffer(), b.arrayBuffer()])).map((bytes) => new Uint8Array(bytes));
  return x!.every((byte, i) => byte === y![i]);
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
    write: async (name, file) => void files.set(name, new File([file], name)),
    remove: async (name) => void files.delete(name),
  };
}
