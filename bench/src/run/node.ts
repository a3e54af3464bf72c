import { nodeGpuEngines, nodeWasmEngines } from "../engines/node.ts";
import { workloadName } from "../workloads/index.ts";
import { type Measured, measure } from "./measure.ts";
import type { SessionReport, SessionRequest } from "./session.ts";

/** Measures in this process: our engine on Dawn with the driver of the environment, and what runs on wasm in Node. */
export async function nodeSession(request: SessionRequest, log: (line: string) => void): Promise<SessionReport> {
  const { workloads, repeats, limitMs } = request;
  const all = [...(await nodeGpuEngines()), ...(await nodeWasmEngines())];
  const engines = all.filter(({ name }) => request.engines.includes(name));
  const rows: Measured[] = [];
  for (const workload of workloads) {
    log(workloadName(workload));
    rows.push(...(await measure(workload, engines, { repeats, limitMs, log })));
  }
  for (const engine of all) engine.dispose();
  const adapter = all.find(({ device }) => device === "webgpu")?.description ?? "wasm only";
  return { adapter, isolated: true, threads: 1, rows };
}
