import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ModelSourceError } from "../errors.ts";
import type { ModelSink } from "./sinks.ts";

/** A folder on disk (Node). It appears when all files are whole; one that holds something already is refused. */
export async function diskSink(folder: string): Promise<ModelSink> {
  const target = resolve(folder);
  const taken = await readdir(target).catch(() => []);
  if (taken.length > 0) throw new ModelSourceError(`${folder}: is there already; name a new folder or remove it`);
  const fresh = `${target}.${process.pid}.new`;
  await mkdir(dirname(target), { recursive: true });
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh);
  return {
    label: folder,
    async write(name, chunks) {
      const file = await open(join(fresh, name), "w");
      try {
        for await (const chunk of chunks) await file.writeFile(chunk);
      } finally {
        await file.close();
      }
    },
    async commit() {
      await rm(target, { recursive: true, force: true }); // an empty folder
      await rename(fresh, target);
    },
    abort: () => rm(fresh, { recursive: true, force: true }),
  };
}
