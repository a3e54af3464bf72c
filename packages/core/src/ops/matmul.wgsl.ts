import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { foldGrid } from "../shape.ts";
import { elementCount, type Shape, type TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { stridedIndex } from "./snippets/elementwise.ts";

export interface MatmulExtents {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: Shape;
  readonly batchStridesA: readonly number[];
  readonly batchStridesB: readonly number[];
}

const TILE = 8;
const THREADS = 64;

/** Register tiles: each invocation holds an 8 x 8 block of the result. */
export function matmulKernel(
  specs: { readonly a: TensorSpec; readonly b: TensorSpec; readonly y: TensorSpec },
  { m, n, k, transposeA, transposeB, batch, batchStridesA, batchStridesB }: MatmulExtents,
  adapter: AdapterFacts,
): Kernel {
  const tiles = Math.ceil(m / TILE) * Math.ceil(n / TILE) * elementCount(batch);
  const source = wgsl`
    ${bindings({ a: specs.a, b: specs.b }, { y: specs.y })}
    const M = ${m}u;
    const N = ${n}u;
    const K = ${k}u;
    const TILES_N = ${Math.ceil(n / TILE)}u;
    const TILES_M = ${Math.ceil(m / TILE)}u;

    fn startA(i: u32) -> u32 {
      ${stridedIndex("at", batch, batchStridesA)}
      return at;
    }
    fn startB(i: u32) -> u32 {
      ${stridedIndex("at", batch, batchStridesB)}
      return at;
    }

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let tile = (group.y * groups.x + group.x) * ${THREADS}u + local.x;
      let batch = tile / (TILES_M * TILES_N);
      if (batch >= ${elementCount(batch)}u) { return; }
      let row = (tile / TILES_N % TILES_M) * ${TILE}u;
      let column = (tile % TILES_N) * ${TILE}u;
      let baseA = startA(batch);
      let baseB = startB(batch);
      var total: array<array<f32, ${TILE}>, ${TILE}>;
      for (var k = 0u; k < K; k++) {
        var left: array<f32, ${TILE}>;
        var right: array<f32, ${TILE}>;
        for (var r = 0u; r < ${TILE}u; r++) {
          let i = min(row + r, M - 1u); // rows past the end are computed and not stored
          left[r] = f32(a[baseA + ${transposeA ? "k * M + i" : "i * K + k"}]);
          let j = min(column + r, N - 1u);
          right[r] = f32(b[baseB + ${transposeB ? "j * K + k" : "k * N + j"}]);
        }
        for (var r = 0u; r < ${TILE}u; r++) {
          for (var c = 0u; c < ${TILE}u; c++) { total[r][c] += left[r] * right[c]; }
        }
      }
      for (var r = 0u; r < ${TILE}u; r++) {
        for (var c = 0u; c < ${TILE}u; c++) {
          if (row + r < M && column + c < N) {
            y[batch * M * N + (row + r) * N + column + c] = ${specs.y.dtype}(total[r][c]);
          }
        }
      }
    }`;
  return { source, workgroups: foldGrid(Math.ceil(tiles / THREADS), adapter) };
}
