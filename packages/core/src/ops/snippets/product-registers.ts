import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { wgsl } from "../../wgsl.ts";
import type { Factor, Product } from "./product-spec.ts";

const LANE = ["x", "y", "z", "w"] as const;

/** Text that reads one side of a tile: what to place before the loop, to load in it, and line `i` at depth `k + kk`. */
interface Side {
  readonly places: string;
  readonly loads: string;
  value(i: number, kk: number): string;
}

interface SideOptions {
  readonly letter: "A" | "B";
  /** Rows or columns of the tile. */
  readonly size: number;
  /** Depth that one pass of the loop covers. */
  readonly step: number;
  /** Invocations of a subgroup that share the lines: each loads every `share`-th and broadcasts it. */
  readonly share: number;
}

function side(factor: Factor, { letter, size, step, share }: SideOptions): Side {
  const name = letter.toLowerCase();
  const grouped = factor.depthMajor && factor.vector === 4;
  const width = grouped ? 4 : 1;
  const own = range(Math.ceil(size / width / share));
  const origin = `${letter === "A" ? "row" : "column"}${share > 1 ? ` + lane * ${width}u` : ""}`;
  // lines past the end are computed and not stored
  const clamp = (i: number) => `min(${origin} + ${i * share * width}u, ${factor.extent - width}u)`;
  const places = own.map((i) => `let ${name}At${i} = place${letter}(start${letter}(batch), ${clamp(i)});`);
  const along = !factor.depthMajor && factor.vector === 4;
  const depths = range(along ? 1 : step);
  const load = (i: number, kk: number) =>
    `let ${share > 1 ? "own_" : ""}${name}${i}_${kk} = load${letter}(${name}At${i}, k${kk > 0 ? ` + ${kk}u` : ""});`;
  const broadcast = (i: number, kk: number) =>
    `let ${name}${i}_${kk} = subgroupBroadcast(own_${name}${Math.floor(i / share)}_${kk}, ${i % share}u);`;
  const each = (lines: number[], text: (i: number, kk: number) => string) =>
    lines.flatMap((i) => depths.map((kk) => text(i, kk)));
  const shared = share > 1 ? each(range(size / width), broadcast) : [];
  return {
    places: places.join("\n"),
    loads: [...each(own, load), ...shared].join("\n"),
    value(i, kk) {
      if (along) return `${name}${i}_0.${LANE[kk]!}`;
      return grouped ? `${name}${Math.floor(i / 4)}_${kk}.${LANE[i % 4]!}` : `${name}${i}_${kk}`;
    },
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

export interface RegisterTile {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  /** Invocations of a workgroup: side by side along the columns, so that all read the same rows. */
  readonly threads: number;
  /** Subgroup size with which rows are loaded once and broadcast; 1 loads them in every invocation. */
  readonly share: number;
}

/** CPU adapters: every invocation holds a block of the result in registers; no barriers. */
export function registerTiles(product: Product, adapter: AdapterFacts, tile: RegisterTile): Kernel {
  const { a, b, depth, batch } = product;
  const { threads, share } = tile;
  const step = depth % 4 === 0 ? 4 : 1;
  const left = side(a, { letter: "A", size: tile.rows, step, share });
  const right = side(b, { letter: "B", size: tile.columns, step, share: 1 });
  const groups = range(tile.columns / 4);
  const rows = range(tile.rows);
  const tilesM = Math.ceil(a.extent / tile.rows);
  const tilesN = Math.ceil(b.extent / (tile.columns * threads));
  const vector = (g: number, kk: number) =>
    range(4)
      .map((i) => right.value(4 * g + i, kk))
      .join(", ");
  const multiply = (kk: number) =>
    groups.map((g) => {
      const products = rows.map((r) => `total${r}_${g} += ${left.value(r, kk)} * right${g}_${kk};`);
      return [`let right${g}_${kk} = vec4f(${vector(g, kk)});`, ...products].join("\n");
    });
  const source = wgsl`
    ${share > 1 ? "enable subgroups;" : ""}
    ${product.declarations}
    ${a.access}
    ${b.access}
    ${product.store}

    fn storeFour(batch: u32, row: u32, column: u32, total: vec4f) {
      if (row >= ${a.extent}u) { return; }
      for (var c = 0u; c < min(4u, ${b.extent}u - min(column, ${b.extent}u)); c++) { store(batch, row, column + c, total[c]); }
    }

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u${share > 1 ? ", @builtin(subgroup_invocation_id) lane: u32" : ""}) {
      let block = group.y * groups.x + group.x;
      let batch = block / ${tilesM * tilesN}u;
      if (batch >= ${batch}u) { return; }
      let row = block / ${tilesN}u % ${tilesM}u * ${tile.rows}u;
      let column = (block % ${tilesN}u * ${threads}u + local.x) * ${tile.columns}u;
      ${left.places}
      ${right.places}
      ${rows.map((r) => groups.map((g) => `var total${r}_${g} = vec4f();`).join(" ")).join("\n")}
      for (var k = 0u; k < ${depth}u; k += ${step}u) {
        ${left.loads}
        ${right.loads}
        ${range(step).flatMap(multiply).join("\n")}
      }
      ${rows.map((r) => groups.map((g) => `storeFour(batch, row + ${r}u, column + ${4 * g}u, total${r}_${g});`).join(" ")).join("\n")}
    }`;
  return { source, workgroups: foldGrid(tilesM * tilesN * batch, adapter) };
}
