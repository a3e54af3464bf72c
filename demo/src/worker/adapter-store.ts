/** What was learnt from the user's photos, by the model it belongs to: kept in this browser where it allows that. */
export interface AdapterStore {
  read(model: string): Promise<File | undefined>;
  write(model: string, adapter: Blob): Promise<void>;
  remove(model: string): Promise<void>;
}

const FOLDER = "albef-demo-adapters";

export async function openAdapterStore(): Promise<AdapterStore> {
  const kept = new Map<string, File>();
  const folder = await navigator.storage
    .getDirectory()
    .then((root) => root.getDirectoryHandle(FOLDER, { create: true }))
    .catch(() => undefined); // private windows of some browsers refuse storage: it then lasts as long as the page
  const nameOf = (model: string) => `${model}.safetensors`;
  return {
    async read(model) {
      if (!folder) return kept.get(model);
      return folder
        .getFileHandle(nameOf(model))
        .then((handle) => handle.getFile())
        .catch(() => undefined);
    },
    async write(model, adapter) {
      if (!folder) return void kept.set(model, new File([adapter], nameOf(model)));
      const stream = await (await folder.getFileHandle(nameOf(model), { create: true })).createWritable();
      await stream.write(adapter); // takes the place of an older one only when it is closed
      await stream.close();
    },
    async remove(model) {
      kept.delete(model);
      await folder?.removeEntry(nameOf(model)).catch(() => undefined); // there was none
    },
  };
}
