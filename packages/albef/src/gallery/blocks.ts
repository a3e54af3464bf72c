import { type DeviceTensor, type Executor, halvesFrom } from "@albef/core";
import { serial } from "../storage/serial.ts";
import type { FeatureDType } from "../types.ts";
import { emptyRows, grownRows, loadRow, loadRows, pickRows, type StoredRows, storeRow } from "./rows.ts";
import { bestFirst, type Found, REMOVED, searchOnHost, searchPrograms } from "./search.ts";

/** Rows of one search dispatch: 16 MB of f32 at width 256, so adding pictures uploads little again. */
const BLOCK_ROWS = 16384;
const SMALLEST_BLOCK = 256;
const MAX_DEVICE_K = 1024; // what the kernel sorts at a time

interface Block {
  stored: StoredRows;
  penalty: Float32Array;
  /** Rows that the device copy holds, with their penalties; undefined where it is stale. */
  features: DeviceTensor | undefined;
  penalties: DeviceTensor | undefined;
  featuresStale: boolean;
  penaltiesStale: boolean;
}

export interface BlockSearchOptions {
  readonly k: number;
  readonly signal?: AbortSignal | undefined;
  /** Rows that count; absent: all. */
  readonly allows?: ((row: number) => boolean) | undefined;
}

/** Unit vectors by row, on the CPU and, from the first search on, on the device. */
export interface FeatureBlocks extends Disposable {
  readonly dtype: FeatureDType;
  /** Writes a vector into a removed row, else after the last. Returns the row. */
  insert(vector: Float32Array): number;
  remove(row: number): void;
  vector(row: number): Float32Array;
  /** Vectors as stored, in the order of `rows`. */
  pick(rows: readonly number[]): StoredRows;
  /** The k rows most similar to a unit vector, best first; of equal ones the higher row first. */
  search(query: Float32Array, options: BlockSearchOptions): Promise<Found[]>;
  dispose(): void;
}

export interface FeatureBlocksOptions {
  readonly width: number;
  readonly dtype: FeatureDType;
}

export function featureBlocks(executor: Executor, { width, dtype }: FeatureBlocksOptions): FeatureBlocks {
  const half = dtype !== "f32" && executor.supportsF16;
  const blocks: Block[] = [];
  const free: number[] = [];
  const programs = searchPrograms(executor, { width, half });
  const enqueue = serial(); // a search must not see its tensors replaced
  let rows = 0;

  const at = (row: number) => ({ block: blocks[Math.floor(row / BLOCK_ROWS)]!, place: row % BLOCK_ROWS });

  const searchBlock = async (index: number, query: Float32Array, { k, allows }: BlockSearchOptions) => {
    const { features, penalties, capacity } = upload(executor, blocks[index]!, half);
    const filtered = allows && executor.tensor(penalties, penaltyOf(blocks[index]!, index * BLOCK_ROWS, allows));
    try {
      const inputs = { query, features, penalty: filtered ?? penalties };
      const { values, indices } = await programs.run({ capacity, k }, inputs);
      return Array.from(values as Float32Array, (score, i) => ({ row: index * BLOCK_ROWS + indices![i]!, score }));
    } finally {
      filtered?.dispose(); // `using` would bring its helper into every page
    }
  };

  const search = async (query: Float32Array, options: BlockSearchOptions) => {
    const found: Found[] = [];
    for (const index of blocks.keys()) {
      options.signal?.throwIfAborted();
      found.push(...(await searchBlock(index, query, options)));
    }
    return found.filter(({ score }) => score > REMOVED / 2);
  };

  const dispose = () => {
    void enqueue(async () => {
      for (const block of blocks) releaseDevice(block);
      await programs.dispose();
    });
  };

  return {
    dtype,
    insert(vector) {
      const row = free.pop() ?? rows++;
      if (row === blocks.length * BLOCK_ROWS) blocks.push(emptyBlock(dtype, width));
      const { block, place } = at(row);
      if (place >= block.stored.rows) grow(block);
      storeRow(block.stored, place, vector);
      block.penalty[place] = 0;
      block.featuresStale = true;
      block.penaltiesStale = true;
      return row;
    },
    remove(row) {
      const { block, place } = at(row);
      block.penalty[place] = REMOVED;
      block.penaltiesStale = true;
      free.push(row);
    },
    vector: (row) => loadRow(at(row).block.stored, at(row).place),
    pick: (picked) =>
      picked.length === 0
        ? emptyRows(dtype, 0, width)
        : pickRows(
            blocks.map(({ stored }) => stored),
            picked,
            BLOCK_ROWS,
          ),
    async search(query, options) {
      const onHost = options.k > MAX_DEVICE_K;
      const found = onHost
        ? searchOnHost(blocks, query, { blockRows: BLOCK_ROWS, allows: options.allows })
        : await enqueue(() => search(query, options));
      return found.sort(bestFirst).slice(0, options.k);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Brings what changed to the device. */
function upload(executor: Executor, block: Block, half: boolean) {
  const capacity = block.stored.rows;
  if (block.featuresStale) {
    block.features?.dispose();
    const shape = [capacity, block.stored.width];
    block.features =
      half && block.stored.dtype === "f16"
        ? executor.tensor({ dtype: "f16", shape }, block.stored.values as Uint16Array)
        : executor.tensor(...deviceRows(block.stored, shape, half));
    block.featuresStale = false;
  }
  if (block.penaltiesStale) {
    block.penalties?.dispose();
    block.penalties = executor.tensor({ dtype: "f32", shape: [1, capacity] }, block.penalty);
    block.penaltiesStale = false;
  }
  return { features: block.features!, penalties: block.penalties!, capacity };
}

function deviceRows(stored: StoredRows, shape: number[], half: boolean): Parameters<Executor["tensor"]> {
  const floats = loadRows(stored, stored.rows);
  return half ? [{ dtype: "f16", shape }, halvesFrom(floats)] : [{ dtype: "f32", shape }, floats];
}

/** The penalties of a block in which only some rows count. */
function penaltyOf({ penalty }: Block, firstRow: number, allows: (row: number) => boolean): Float32Array {
  return penalty.map((value, place) => (value === 0 && !allows(firstRow + place) ? REMOVED : value));
}

function emptyBlock(dtype: FeatureDType, width: number): Block {
  return {
    stored: emptyRows(dtype, SMALLEST_BLOCK, width),
    penalty: new Float32Array(SMALLEST_BLOCK).fill(REMOVED),
    features: undefined,
    penalties: undefined,
    featuresStale: true,
    penaltiesStale: true,
  };
}

/** Twice the room: capacities repeat, so programs do. */
function grow(block: Block): void {
  const penalty = new Float32Array(2 * block.penalty.length).fill(REMOVED);
  penalty.set(block.penalty);
  block.penalty = penalty;
  block.stored = grownRows(block.stored, 2 * block.stored.rows);
}

function releaseDevice(block: Block): void {
  block.features?.dispose();
  block.penalties?.dispose();
  block.features = undefined;
  block.penalties = undefined;
  block.featuresStale = true;
  block.penaltiesStale = true;
}
