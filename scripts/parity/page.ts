import { createWebGpuExecutor } from "@albef/core";
import { type Outcome, runCase } from "./run-case.ts";
import { executorRunner } from "./runner.ts";

/** The part of the parity runner that runs in a browser page: cases are fetched from `address`. */
export async function openPage(address: string) {
  const runner = executorRunner(await createWebGpuExecutor());
  const read = async (path: string) => {
    const response = await fetch(`${address}/${path}`);
    if (!response.ok) throw new Error(`${path}: the server says ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  return {
    description: runner.description,
    run: (name: string): Promise<Outcome> => runCase(name, read, runner),
  };
}
