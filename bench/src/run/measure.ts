import type { Engine, Prepared, Values } from "../engines/engine.ts";
import { createWorkload, type WorkloadRequest } from "../workloads/index.ts";
import type { Workload } from "../workloads/workload.ts";
import { countGpu } from "./ledger.ts";
import { type Agreement, agreementOf, referenceOf } from "./reference.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface Measured {
  readonly workload: WorkloadRequest;
  readonly engine: string;
  readonly version: string;
  readonly device: "webgpu" | "wasm";
  /** Distance from the f64 reference. */
  readonly agreement?: Agreement;
  /** Load, compile and first run, ms. */
  readonly coldMs?: number;
  /** A run with its results on the CPU, ms. */
  readonly warm?: Spread;
  /** Dispatches of a run. */
  readonly dispatches?: number;
  /** Most bytes of GPU buffers while it loads and first runs, weights included. */
  readonly peakBytes?: number;
  /** Why there are no times. */
  readonly problem?: string;
}

export interface MeasureOptions {
  readonly repeats: number;
  /** Ends the repeats of a workload early, ms. */
  readonly limitMs: number;
  log(line: string): void;
}

interface Entry {
  readonly prepared: Prepared;
  readonly row: Measured;
  readonly times: number[];
}

/** One workload on all engines that can run it: every result is checked first, then repeats are timed in turns. */
export async function measure(
  request: WorkloadRequest,
  engines: readonly Engine[],
  options: MeasureOptions,
): Promise<Measured[]> {
  const workload = createWorkload(request);
  const reference = referenceOf(workload);
  const able = engines.filter((engine) => canRun(engine, workload));
  const entries: Entry[] = [];
  const rows: Measured[] = [];
  for (const engine of able) {
    const { name, version, device } = engine;
    const row = { workload: request, engine: name, version, device };
    try {
      entries.push(await begin(engine, workload, { row, reference }));
      options.log(`  ${name}: agrees within ${entries.at(-1)!.row.agreement!.worst.toExponential(1)}`);
    } catch (error) {
      const problem = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
      options.log(`  ${name}: ${problem}`);
      rows.push({ ...row, problem });
    }
  }
  await repeat(entries, options);
  for (const { prepared, row, times } of entries) {
    prepared.dispose();
    rows.push({ ...row, warm: spreadOf(times) });
  }
  return rows;
}

function canRun({ trains, half }: Engine, workload: Workload): boolean {
  return workload.trains ? trains : !half || workload.half !== undefined;
}

interface Given {
  readonly row: Measured;
  readonly reference: Values;
}

/** Loads twice: to time a start with nothing compiled, and with fresh weights to check. Throws where results are wrong. */
async function begin(engine: Engine, workload: Workload, { row, reference }: Given): Promise<Entry> {
  let coldMs = 0;
  const { peakBytes } = await countGpu(async () => {
    const started = performance.now();
    const first = await engine.prepare(workload);
    await first.run();
    coldMs = performance.now() - started;
    first.dispose();
  });
  const prepared = await engine.prepare(workload);
  const agreement = agreementOf(await prepared.check(), reference, workload);
  if (agreement.worst > engine.tolerance) {
    prepared.dispose();
    throw new Error(`differs from f64 by ${agreement.worst.toExponential(1)} in ${agreement.worstName}: not timed`);
  }
  const { dispatches } = await countGpu(() => prepared.run());
  const gpu = engine.device === "webgpu" ? { dispatches, peakBytes } : {};
  return { prepared, times: [], row: { ...row, agreement, coldMs, ...gpu } };
}

/** Engines take turns, so that a busy moment of the machine strikes all of them. */
async function repeat(entries: readonly Entry[], { repeats, limitMs }: MeasureOptions): Promise<void> {
  const end = performance.now() + limitMs;
  for (let round = 0; round < repeats; round++) {
    if (round > 0 && performance.now() > end) return;
    for (const { prepared, times } of entries) {
      await prepared.activate?.();
      const started = performance.now();
      await prepared.run();
      times.push(performance.now() - started);
    }
  }
}
