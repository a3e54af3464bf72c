import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid } from "../../shape.ts";
import { wgsl } from "../../wgsl.ts";
import type { Factor, Product } from "./product-spec.ts";

const LANE = ["x", "y", "z", "w"] as const;

/** Text that reads one side of a tile: what to place before the loop, to load in it, and the value of line `i` at `k + kk`. */
interface Side {
  readonly places: string;
  readonly loads: string;
  value(i: number, kk: number): string;
}

function side(letter: "A" | "B", factor: Factor, { size, step }: { size: number; step: number }): Side {
  const name = letter.toLowerCase();
  const origin = letter === "A" ? "row" : "column";
  const grouped = factor.depthMajor && factor.vector === 4;
  const lines = range(grouped ? size / 4 : size);
  const width = grouped ? 4 : 1;
  // lines past the end are computed and not stored
  const clamp = (i: number) => `min(${origin} + ${i * width}u, ${factor.extent - width}u)`;
  const places = lines.map((i) => `let ${name}At${i} = place${letter}(start${letter}(batch), ${clamp(i)});`);
  const along = !factor.depthMajor && factor.vector === 4;
  const depths = range(along ? 1 : step);
  const load = (i: number, kk: number) =>
    `let ${name}${i}_${kk} = load${letter}(${name}At${i}, k${kk > 0 ? ` + ${kk}u` : ""});`;
  return {
    places: places.join("\n"),
    loads: lines.flatMap((i) => depths.map((kk) => load(i, kk))).join("\n"),
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
  readonly threads: number;
}

/** CPU adapters: every invocation holds a block of the result in registers; no barriers. */
export function registerTiles(
  product: Product,
  adapter: AdapterFacts,
  tile: RegisterTile = { rows: 8, columns: 8, threads: 16 },
): Kernel {
  const { a, b, depth, batch } = product;
  const step = depth % 4 === 0 ? 4 : 1;
  const left = side("A", a, { size: tile.rows, step });
  const right = side("B", b, { size: tile.columns, step });
  const groups = range(tile.columns / 4);
  const rows = range(tile.rows);
  const tilesM = Math.ceil(a.extent / tile.rows);
  const tilesN = Math.ceil(b.extent / tile.columns);
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
    ${product.declarations}
    ${a.access}
    ${b.access}
    ${product.store}

    fn storeFour(batch: u32, row: u32, column: u32, total: vec4f) {
      if (row >= ${a.extent}u) { return; }
      for (var c = 0u; c < min(4u, ${b.extent}u - min(column, ${b.extent}u)); c++) { store(batch, row, column + c, total[c]); }
    }

    @compute @workgroup_size(${tile.threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let tile = (group.y * groups.x + group.x) * ${tile.threads}u + local.x;
      let batch = tile / ${tilesM * tilesN}u;
      if (batch >= ${batch}u) { return; }
      let row = tile / ${tilesN}u % ${tilesM}u * ${tile.rows}u;
      let column = tile % ${tilesN}u * ${tile.columns}u;
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
  return { source, workgroups: foldGrid(Math.ceil((tilesM * tilesN * batch) / tile.threads), adapter) };
}
