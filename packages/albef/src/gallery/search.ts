import { add, type DeviceTensor, type Executor, type Program, similarity, topK, trace } from "@albef/core";
import { loadRow, type StoredRows } from "./rows.ts";

/** Added to the score of rows that hold nothing: below any cosine. */
export const REMOVED = -8;
const SMALLEST_K = 16;

export interface Found {
  readonly row: number;
  readonly score: number;
}

export function bestFirst(a: Found, b: Found): number {
  return b.score - a.score || b.row - a.row;
}

export interface SearchShape {
  /** Rows of the feature matrix. */
  readonly capacity: number;
  readonly k: number;
}

export interface SearchInputs {
  /** f32 [width]. */
  readonly query: Float32Array;
  /** [capacity, width]. */
  readonly features: DeviceTensor;
  /** f32 [1, capacity]. */
  readonly penalty: DeviceTensor;
}

/** Compiled searches by shape; `half` reads f16 features. */
export function searchPrograms(executor: Executor, options: { readonly width: number; readonly half: boolean }) {
  const programs = new Map<string, Promise<Program>>();
  return {
    /** The best of the rows, at least `k` of them where there are as many: values f32 and indices i32. */
    async run({ capacity, k }: SearchShape, inputs: SearchInputs) {
      const bucket = Math.min(capacity, Math.max(SMALLEST_K, 2 ** Math.ceil(Math.log2(k))));
      const key = `${capacity} ${bucket}`;
      const known = programs.get(key);
      const program = known ?? executor.compile(searchGraph({ ...options, capacity, k: bucket }));
      if (!known) programs.set(key, program);
      return (await program).run({ ...inputs });
    },
    async dispose() {
      for (const program of await Promise.allSettled(programs.values())) {
        if (program.status === "fulfilled") program.value.dispose();
      }
      programs.clear();
    },
  };
}

function searchGraph({ capacity, width, k, half }: SearchShape & { readonly width: number; readonly half: boolean }) {
  return trace((tracer) => {
    const query = tracer.input("query", { dtype: "f32", shape: [1, width] });
    const features = tracer.input("features", { dtype: half ? "f16" : "f32", shape: [capacity, width] });
    const penalty = tracer.input("penalty", { dtype: "f32", shape: [1, capacity] });
    return { ...topK(add(similarity(query, features), penalty), { k }) };
  });
}

interface HostBlock {
  readonly stored: StoredRows;
  readonly penalty: Float32Array;
}

export interface HostSearchOptions {
  readonly blockRows: number;
  readonly allows?: ((row: number) => boolean) | undefined;
}

/** All scores, for more results than the device sorts at a time. */
export function searchOnHost(
  blocks: readonly HostBlock[],
  query: Float32Array,
  { blockRows, allows = () => true }: HostSearchOptions,
): Found[] {
  const found: Found[] = [];
  for (const [index, { stored, penalty }] of blocks.entries()) {
    for (let place = 0; place < stored.rows; place++) {
      const row = index * blockRows + place;
      if (penalty[place] !== 0 || !allows(row)) continue;
      const vector = loadRow(stored, place);
      found.push({ row, score: vector.reduce((sum, value, i) => sum + value * query[i]!, 0) });
    }
  }
  return found;
}
