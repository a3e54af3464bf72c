import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What a Node process without `navigator` prints when it runs a file. Throws where it fails. */
export async function importInNode(folder: string, file: string): Promise<{ stdout: string; stderr: string }> {
  const bare = Number(process.versions.node.split(".")[0]) >= 21 ? ["--no-experimental-global-navigator"] : [];
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env; // of both at once Node itself complains
  return promisify(execFile)(process.execPath, [...bare, file], { cwd: folder, env, timeout: 60_000 });
}
