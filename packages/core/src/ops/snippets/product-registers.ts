import type { AdapterFacts, Kernel } from "../../op.ts";
import type { Factor, Product } from "../../product-spec.ts";
import { foldGrid } from "../../shape.ts";
import { wgsl } from "../../wgsl.ts";
import { swapped } from "./quad.ts";

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
  /** Depth of the product. */
  readonly depth: number;
  /** Invocations that share the lines: each loads every `share`-th and hands it to the others. */
  readonly share: RegisterTile["share"];
}

function side(factor: Factor, { letter, size, step, depth, share }: SideOptions): Side {
  const name = letter.toLowerCase();
  const width = pieceWidth(factor);
  const own = range(Math.ceil(size / width / share));
  const origin = `${letter === "A" ? "row" : "column"}${share > 1 ? ` + lane * ${width}u` : ""}`;
  // lines past the end are computed and not stored
  const clamp = (i: number) => `min(${origin} + ${i * share * width}u, ${factor.extent - width}u)`;
  const places = own.map((i) => `let ${name}At${i} = place${letter}(start${letter}(batch), ${clamp(i)});`);
  const along = !factor.depthMajor && factor.vector === 4;
  const depths = range(along ? 1 : step);
  const past = depth % step > 0; // the last pass ends beyond the depth
  const at = (kk: number) => (kk === 0 ? "k" : past ? `min(k + ${kk}u, ${depth - 1}u)` : `k + ${kk}u`);
  const offsets = depths.map((kk) => `let ${name}Depth${kk} = depth${letter}(${at(kk)});`);
  const zero = width === 4 ? "vec4f()" : "0.0";
  const load = (i: number, kk: number) => {
    const loaded = `load${letter}(${name}At${i}, ${name}Depth${kk})`;
    const value = past && kk > 0 ? `select(${zero}, ${loaded}, k + ${kk}u < ${depth}u)` : loaded;
    return `let ${share > 1 ? "own_" : ""}${name}${i}_${kk} = ${value};`;
  };
  const each = (lines: number[], text: (i: number, kk: number) => string) =>
    lines.flatMap((i) => depths.map((kk) => text(i, kk)));
  const exchanged = (i: number, kk: number) =>
    `let ${name}${i}_${kk} = ${exchange(`own_${name}${Math.floor(i / share)}_${kk}`, i % share, share)};`;
  const shared = share > 1 ? each(range(size / width), exchanged) : [];
  return {
    places: places.join("\n"),
    loads: [...offsets, ...each(own, load), ...shared].join("\n"),
    value(i, kk) {
      if (along) return `${name}${i}_0.${LANE[kk]!}`;
      return width === 4 ? `${name}${Math.floor(i / 4)}_${kk}.${LANE[i % 4]!}` : `${name}${i}_${kk}`;
    },
  };
}

/** Lines that one load brings. */
function pieceWidth({ depthMajor, vector }: Factor): 1 | 4 {
  return depthMajor ? vector : 1;
}

/** What another invocation has loaded: of the lane `from`, or of the lane `from` swaps away in a quad. */
function exchange(own: string, from: number, share: RegisterTile["share"]): string {
  return share === 4 ? swapped(own, from) : `subgroupBroadcast(${own}, ${from}u)`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

export interface RegisterTile {
  /** A multiple of `share` lines, and of the lines that one load brings. */
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  /** Invocations of a workgroup: side by side along the columns, so that all read the same rows. */
  readonly threads: number;
  /**
   * Invocations that load rows for each other. 8: a subgroup, by broadcasts. 4: a quad, by swaps, which cost one
   * shuffle each; every invocation then holds the rows in another order. 1: every invocation loads all rows.
   */
  readonly share: 1 | 4 | 8;
}

/** CPU adapters: every invocation holds a block of the result in registers; no barriers. */
export function registerTiles(product: Product, adapter: AdapterFacts, tile: RegisterTile): Kernel {
  const { a, b, depth, batch } = product;
  const { threads, share } = tile;
  const step = depth % 4 === 0 || depth > 8 ? 4 : 1;
  const left = side(a, { letter: "A", size: tile.rows, step, depth, share });
  const right = side(b, { letter: "B", size: tile.columns, step, depth, share: 1 });
  const groups = range(tile.columns / 4);
  const rows = range(tile.rows);
  const tilesM = Math.ceil(a.extent / tile.rows);
  const tilesN = Math.ceil(b.extent / (tile.columns * threads));
  const four = (g: number, kk: number) => `vec4f(${range(4).map((i) => right.value(4 * g + i, kk))})`;
  const rights = range(step).flatMap((kk) => groups.map((g) => `let right${g}_${kk} = ${four(g, kk)};`));
  // one sum per element and pass: partial sums stay in registers
  const sum = (r: number, g: number) => range(step).map((kk) => `${left.value(r, kk)} * right${g}_${kk}`);
  const initials = groups.map((g) => {
    const columns = LANE.map((_, i) => `initial(min(column + ${4 * g + i}u, ${b.extent - 1}u))`);
    return `let initial${g} = vec4f(${columns});`;
  });
  const sums = rows.flatMap((r) => groups.map((g) => `total${r}_${g} += ${sum(r, g).join(" + ")};`));
  const each = (line: (r: number, g: number) => string) =>
    rows.map((r) => groups.map((g) => line(r, g)).join(" ")).join("\n");
  const source = wgsl`
    ${share > 1 ? "enable subgroups;" : ""}
    ${product.declarations}
    ${a.access}
    ${b.access}
    ${product.initial}
    ${product.store}

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
      ${initials.join("\n")}
      ${each((r, g) => `var total${r}_${g} = initial${g};`)}
      for (var k = 0u; k < ${depth}u; k += ${step}u) {
        ${left.loads}
        ${right.loads}
        ${rights.join("\n")}
        ${sums.join("\n")}
      }
      var totals = array<vec4f, ${rows.length * groups.length}>(${each((r, g) => `total${r}_${g},`)});
      for (var r = 0u; r < ${rows.length}u * groups.z; r++) { // the grid is flat; a known bound would be unrolled
        let to = row + ${rowOf(a, share)};
        if (to >= ${a.extent}u) { continue; }
        ${groups.map((g) => storeFour(g, groups.length, b.extent)).join("\n")}
      }
    }`;
  return { source, workgroups: foldGrid(tilesM * tilesN * batch, adapter) };
}

/** Which row of the tile an invocation holds as its row `r`. */
function rowOf(a: Factor, share: RegisterTile["share"]): string {
  if (share !== 4) return "r";
  return pieceWidth(a) === 4 ? "(r ^ (lane << 2u))" : "(r ^ lane)";
}

function storeFour(group: number, groups: number, extent: number): string {
  const columns = LANE.map((lane, i) => {
    const store = `store(batch, to, column + ${4 * group + i}u, totals[r * ${groups}u + ${group}u].${lane});`;
    return extent % 4 === 0 ? store : `if (column + ${4 * group + i}u < ${extent}u) { ${store} }`;
  });
  return extent % 4 === 0 ? `if (column + ${4 * group}u < ${extent}u) {\n${columns.join("\n")}\n}` : columns.join("\n");
}
