import type { AdapterFacts, Kernel } from "../../op.ts";
import type { Factor, Product } from "../../product-spec.ts";
import { foldGrid } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";

const COLUMNS = 64;
const DEPTH = 16;
const THREADS = 128;

/**
 * GPUs: 128 invocations make a block of the result; both operands pass through workgroup memory in pieces of 4 lines
 * x 4 depths, so that memory is read and written as vec4 in either storage order. `rows` of the block: 32 or 64.
 */
export function workgroupTiles(product: Product, adapter: AdapterFacts, rows: number): Kernel {
  const { a, b, depth, batch } = product;
  const own = rows / 8; // rows of an invocation; it has 4 columns
  const tilesM = Math.ceil(a.extent / rows);
  const tilesN = Math.ceil(b.extent / COLUMNS);
  const piecesA = (rows / 4) * (DEPTH / 4);
  const pieces = piecesA + (COLUMNS / 4) * (DEPTH / 4);
  const source = wgsl`
    ${product.declarations}
    ${a.access}
    ${b.access}
    ${product.initial}
    ${product.store}
    ${piece("A", a, depth)}
    ${piece("B", b, depth)}

    var<workgroup> tileA: array<vec4f, ${(DEPTH * rows) / 4}>; // [depth, rows / 4]
    var<workgroup> tileB: array<vec4f, ${(DEPTH * COLUMNS) / 4}>; // [depth, columns / 4]

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let block = group.y * groups.x + group.x;
      let batch = block / ${tilesM * tilesN}u;
      if (batch >= ${batch}u) { return; }
      let row = block / ${tilesN}u % ${tilesM}u * ${rows}u;
      let column = block % ${tilesN}u * ${COLUMNS}u;
      let ownRow = local.x / 16u * ${own}u;
      let ownColumn = local.x % 16u * 4u;
      var total: array<vec4f, ${own}>;
      for (var begin = 0u; begin < ${depth}u; begin += ${DEPTH}u) {
        for (var i = local.x; i < ${pieces}u; i += ${THREADS}u) {
          if (i < ${piecesA}u) {
            let values = pieceA(batch, row + i / 4u * 4u, begin + i % 4u * 4u);
            for (var k = 0u; k < 4u; k++) { tileA[(i % 4u * 4u + k) * ${rows / 4}u + i / 4u] = values[k]; }
          } else {
            let j = i - ${piecesA}u;
            let values = pieceB(batch, column + j / 4u * 4u, begin + j % 4u * 4u);
            for (var k = 0u; k < 4u; k++) { tileB[(j % 4u * 4u + k) * ${COLUMNS / 4}u + j / 4u] = values[k]; }
          }
        }
        workgroupBarrier();
        for (var k = 0u; k < ${DEPTH}u; k++) {
          let right = tileB[k * ${COLUMNS / 4}u + ownColumn / 4u];
          ${accumulate(own, rows)}
        }
        workgroupBarrier();
      }
      for (var r = 0u; r < ${own}u; r++) {
        for (var c = 0u; c < 4u; c++) {
          let at = vec2u(row + ownRow + r, column + ownColumn + c);
          if (at.x < ${a.extent}u && at.y < ${b.extent}u) { store(batch, at.x, at.y, total[r][c] + initial(at.y)); }
        }
      }
    }`;
  return { source, workgroups: foldGrid(tilesM * tilesN * batch, adapter) };
}

function accumulate(own: number, rows: number): string {
  return Array.from({ length: own / 4 }, (_, g) => {
    const lines = ["x", "y", "z", "w"].map((lane, r) => `total[${4 * g + r}] += left${g}.${lane} * right;`);
    return [`let left${g} = tileA[k * ${rows / 4}u + ownRow / 4u + ${g}u];`, ...lines].join("\n");
  }).join("\n");
}

/** Declares `pieceX(batch, outer, k)`: 4 lines x 4 depths, a column of the matrix per depth; zero beyond the depth. */
function piece(letter: "A" | "B", { extent, depthMajor, vector }: Factor, depth: number): Wgsl {
  const place = (line: string) => `place${letter}(start, ${line})`;
  const inside = (i: number | string) => `min(outer + ${i}u, ${extent - 1}u)`; // lines past the end are not stored
  const from = (i: number) => place(inside(i));
  const at = (k: number) => `depth${letter}(min(k + ${k}u, ${depth - 1}u))`;
  const loads = [0, 1, 2, 3].map((i) => {
    if (vector === 1)
      return `vec4f(${[0, 1, 2, 3].map((line) => `load${letter}(${from(line)}, ${at(i)})`).join(", ")})`;
    return depthMajor
      ? `load${letter}(${place(`min(outer, ${extent - 4}u)`)}, ${at(i)})`
      : `load${letter}(${from(i)}, depth${letter}(min(k, ${depth - 4}u)))`;
  });
  const along = vector === 4 && !depthMajor;
  const kept = along ? loads : loads.map((load, i) => `select(vec4f(), ${load}, k + ${i}u < ${depth}u)`);
  const values = `mat4x4f(${kept.join(",\n")})`;
  return wgsl`
    fn piece${letter}(batch: u32, outer: u32, k: u32) -> mat4x4f {
      let start = start${letter}(batch);
      ${along ? `if (k >= ${depth}u) { return mat4x4f(); }` : ""}
      return ${along ? `transpose(${values})` : values};
    }`;
}
