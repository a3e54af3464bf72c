import type { AdapterFacts, Candidates, CpuKernels } from "../op.ts";
import type { Product } from "../product-spec.ts";
import { type RegisterTile, registerTiles } from "./snippets/product-registers.ts";
import { runsQuads } from "./snippets/quad.ts";

/**
 * Measured: SwiftShader (quads) wants large tiles, in loops that fit the instruction cache; llvmpipe (8 lanes) 16 rows x 4
 * columns. Small products take few rows: their pipelines compile in a fraction of the time.
 */
function productOnCpu(product: Product, adapter: AdapterFacts): Candidates {
  const { a, b, depth, batch } = product;
  const quads = runsQuads(adapter);
  const broadcast = adapter.subgroups && adapter.subgroupMinSize === 8 && adapter.subgroupMaxSize === 8;
  const grouped = a.depthMajor && a.vector === 4;
  const work = a.extent * b.extent * depth * batch;
  if (work < (quads ? 2 ** 18 : 2 ** 20))
    return { small: () => registerTiles(product, adapter, smallTile(a.extent, { grouped, quads })) };
  const heights = quads ? (grouped ? [32, 16] : [24, 16, 32]) : broadcast ? (work < 2 ** 24 ? [8, 16] : [16, 8]) : [8];
  const tile = (most: number): RegisterTile => {
    const rows = balanced(a.extent, most, quads && grouped ? 16 : 4);
    if (quads) return { rows, columns: grouped ? 8 : 12, threads: 4, share: 4 };
    return { rows, columns: broadcast ? 4 : 8, threads: 8, share: broadcast && rows >= 8 ? 8 : 1 };
  };
  const named = heights.map((most) => [`${most} rows`, () => registerTiles(product, adapter, tile(most))] as const);
  return Object.fromEntries(named);
}

function smallTile(
  extent: number,
  { grouped, quads }: { readonly grouped: boolean; readonly quads: boolean },
): RegisterTile {
  const few = balanced(extent, 4, 1);
  const rows = few <= 2 && !grouped ? few : 4;
  return { rows, columns: 4, threads: 8, share: quads && rows === 4 && !grouped ? 4 : 1 };
}

/** Rows of a tile, a multiple of `unit`, in as few tiles as `most` rows allow: 20 rows are 2 x 12, not 16 + 4. */
function balanced(extent: number, most: number, unit: number): number {
  return Math.ceil(extent / Math.ceil(extent / most) / unit) * unit;
}

export const cpuKernels: CpuKernels = { product: productOnCpu };
