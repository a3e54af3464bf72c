import { nodeFs, nodeOs, nodePath } from "../platform.ts";
import type { BlobStore } from "./blob-store.ts";

/** A folder on disk (Node): `ALBEF_CACHE`, else `albef` in the user's cache folder; null in a browser. */
export function diskStore(folder?: string): BlobStore | null {
  const fs = nodeFs();
  const path = nodePath();
  if (!fs || !path) return null;
  const root = folder ?? process.env.ALBEF_CACHE ?? path.join(userCacheFolder(), "albef");
  const place = (key: string) => path.join(root, ...key.split("/").filter(Boolean));
  return {
    kind: "disk",
    persistent: true,
    get: async (key) => (fs.existsSync(place(key)) ? fs.openAsBlob(place(key)) : null),
    put: async (key, data) => {
      const target = place(key);
      await fs.promises.mkdir(path.dirname(target), { recursive: true });
      const fresh = `${target}.${process.pid}.new`;
      try {
        await fs.promises.writeFile(fresh, data);
        await fs.promises.rename(fresh, target);
      } catch (error) {
        await fs.promises.rm(fresh, { force: true });
        throw error;
      }
    },
    remove: (key) => fs.promises.rm(place(key), { recursive: true, force: true }),
    list: async (key) => {
      if (!fs.existsSync(place(key))) return [];
      const entries = await fs.promises.readdir(place(key), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const file = path.join(entry.parentPath, entry.name);
          return { path: path.relative(root, file).split(path.sep).join("/"), size: fs.statSync(file).size };
        });
    },
  };
}

function userCacheFolder(): string {
  const home = nodeOs()!.homedir();
  const path = nodePath()!;
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  if (process.platform === "darwin") return path.join(home, "Library", "Caches");
  if (process.platform === "win32") return process.env.LOCALAPPDATA ?? path.join(home, "AppData", "Local");
  return path.join(home, ".cache");
}
