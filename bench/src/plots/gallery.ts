import { primitives, trace, type WebGpuExecutor } from "@albef/core";
import { featureBlocks } from "../../../packages/albef/src/gallery/blocks.ts";
import { testRandom } from "../../../packages/core/src/testing/random.ts";
import { spreadOf } from "../run/statistics.ts";

const WIDTH = 256; // of the official models
const SEARCHES = 7;
const PROBE_ELEMENTS = 2 ** 24;

export interface SearchPoint {
  readonly rows: number;
  readonly ms: number;
  /** What reading the features alone takes at the device's measured bandwidth. */
  readonly boundMs: number;
}

/** Time of a search for the first 20 among ever more features, each stored as 16-bit floats. */
export async function gallerySweep(executor: WebGpuExecutor, sizes: readonly number[]): Promise<SearchPoint[]> {
  const bytesPerSecond = await bandwidth(executor);
  const bytesPerValue = executor.supportsF16 ? 2 : 4;
  const random = testRandom(1);
  using blocks = featureBlocks(executor, { width: WIDTH, dtype: "f16" });
  const unit = () => {
    const vector = Float32Array.from({ length: WIDTH }, () => random() - 0.5);
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  };
  const pool = Array.from({ length: 4096 }, unit); // a million draws of 256 numbers would take longer than all searches
  const points: SearchPoint[] = [];
  let rows = 0;
  for (const size of sizes) {
    for (; rows < size; rows++) blocks.insert(pool[rows % pool.length]!);
    await blocks.search(unit(), { k: 20 }); // uploads and compiles
    const times: number[] = [];
    for (let i = 0; i < SEARCHES; i++) {
      const query = unit();
      const started = performance.now();
      await blocks.search(query, { k: 20 });
      times.push(performance.now() - started);
    }
    const boundMs = (1000 * size * WIDTH * bytesPerValue) / bytesPerSecond;
    points.push({ rows: size, ms: spreadOf(times).median, boundMs });
  }
  return points;
}

/** Bytes per second of a pass that reads and writes 64 MB each. */
async function bandwidth(executor: WebGpuExecutor): Promise<number> {
  const graph = trace((tracer) => ({
    y: primitives.add(tracer.input("x", { dtype: "f32", shape: [PROBE_ELEMENTS] }), 1),
  }));
  using program = await executor.compile(graph);
  using x = executor.tensor({ dtype: "f32", shape: [PROBE_ELEMENTS] }, new Float32Array(PROBE_ELEMENTS));
  let best = 0;
  for (let i = 0; i < 3; i++) {
    for (const { bytes, ns } of await program.profile({ x })) best = Math.max(best, ns > 0 ? (bytes / ns) * 1e9 : 0);
  }
  return best;
}
