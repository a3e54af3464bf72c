import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { foldGrid } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";

type Specs = Readonly<Record<"image" | "weight" | "bias" | "clsToken" | "position" | "y", TensorSpec>>;

/** A product whose left operand is gathered from the image while it is multiplied: patches are never written. */
export function patchEmbeddingKernel(specs: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  return adapter.isCpu ? registerTiles(specs, patchSize, adapter) : workgroupTiles(specs, patchSize, adapter);
}

/** Constants, and where pixel `k` of a flattened patch lies. Row `r` is patch r % PATCHES of image r / PATCHES. */
function header(specs: Specs, patchSize: number, vector: 1 | 4): Wgsl {
  const { y, ...inputs } = specs;
  const [batch, channels, height, width] = specs.image.shape as readonly [number, number, number, number];
  const patches = (height / patchSize) * (width / patchSize);
  return wgsl`
    ${bindings(inputs, { y }, { vector: { image: vector, weight: vector } })}
    const ROWS = ${batch * patches}u;
    const PATCHES = ${patches}u;
    const FEATURES = ${y.shape[2]!}u;
    const COLUMNS = ${width / patchSize}u; // patches in a row of the image
    const RUN = ${patchSize / vector}u; // pieces of a patch that lie side by side
    const DEPTH = ${(channels * patchSize * patchSize) / vector}u; // pieces of a patch
    const PIXEL_ROW = ${width / vector}u;
    const CHANNEL = ${(width * height) / vector}u;
    const CLS = ${batch}u * FEATURES; // elements of the class token's rows

    fn patchAt(row: u32) -> u32 {
      let tile = row % PATCHES;
      return row / PATCHES * ${channels}u * CHANNEL + tile / COLUMNS * ${patchSize}u * PIXEL_ROW + tile % COLUMNS * RUN;
    }
    fn pixelAt(k: u32) -> u32 {
      return k / (RUN * ${patchSize}u) * CHANNEL + k / RUN % ${patchSize}u * PIXEL_ROW + k % RUN;
    }
    fn store(row: u32, feature: u32, product: f32) {
      if (row >= ROWS || feature >= FEATURES) { return; }
      let place = (row % PATCHES + 1u) * FEATURES + feature;
      let to = row / PATCHES * (PATCHES + 1u) * FEATURES + place;
      y[to] = ${y.dtype}(product + f32(bias[feature]) + f32(position[place]));
    }
    fn storeCls(i: u32) {
      if (i >= CLS) { return; }
      let feature = i % FEATURES;
      y[i / FEATURES * (PATCHES + 1u) * FEATURES + feature] = ${y.dtype}(f32(clsToken[feature]) + f32(position[feature]));
    }`;
}

/** Four pixels at a load where patches and images begin at multiples of 4. */
function vectorWidth(specs: Specs, patchSize: number): 1 | 4 {
  return patchSize % 4 === 0 && specs.image.shape[3]! % 4 === 0 ? 4 : 1;
}

const TILE_WIDTH = 8; // features of an invocation
const CPU_THREADS = 8;

/** CPU adapters: an invocation holds up to 8 patches x 8 features; a workgroup reads its weights at uniform addresses. */
function registerTiles(specs: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  const vector = vectorWidth(specs, patchSize);
  const [batch, tokens, features] = specs.y.shape as readonly [number, number, number];
  const height = tileHeight(batch * (tokens - 1));
  const across = Math.ceil(features / TILE_WIDTH);
  const workgroups = Math.ceil((batch * (tokens - 1)) / (height * CPU_THREADS)) * across;
  const perThread = Math.ceil((batch * features) / (workgroups * CPU_THREADS));
  const each = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("\n");
  const type = vector === 4 ? "vec4f" : "f32";
  const source = wgsl`
    ${header(specs, patchSize, vector)}

    @compute @workgroup_size(${CPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let block = group.y * groups.x + group.x;
      let thread = block * ${CPU_THREADS}u + local.x;
      for (var i = 0u; i < ${perThread}u; i++) { storeCls(thread * ${perThread}u + i); }
      let row = (block / ${across}u * ${CPU_THREADS}u + local.x) * ${height}u;
      let feature = block % ${across}u * ${TILE_WIDTH}u;
      if (block >= ${workgroups}u || row >= ROWS) { return; }
      ${each(height, (r) => `let image${r} = patchAt(min(row + ${r}u, ROWS - 1u));`)}
      ${each(TILE_WIDTH, (c) => `let weight${c} = min(feature + ${c}u, FEATURES - 1u) * DEPTH;`)}
      ${each(height, (r) => `var left${r} = vec4f();\nvar right${r} = vec4f();`)}
      let run = RUN * groups.z; // the grid is flat; a bound that drivers see is unrolled, and compiles for seconds
      for (var begin = 0u; begin < DEPTH; begin += run) {
        let pixel = pixelAt(begin);
        for (var i = 0u; i < run; i++) {
          ${each(TILE_WIDTH, (c) => `let b${c} = ${type}(weight[weight${c} + begin + i]);`)}
          ${each(height, (r) => `let a${r} = ${type}(image[image${r} + pixel + i]);\n${accumulate(vector, r)}`)}
        }
      }
      var totals = array<vec4f, ${2 * height}>(${each(height, (r) => `left${r}, right${r},`)});
      for (var i = 0u; i < ${TILE_WIDTH * height}u * groups.z; i++) {
        store(row + i / ${TILE_WIDTH}u, feature + i % ${TILE_WIDTH}u, totals[i / 4u][i % 4u]);
      }
    }`;
  return { source, workgroups: foldGrid(workgroups, adapter) };
}

/** Patches of an invocation that cost least: idle ones against loads that fewer share. */
function tileHeight(rows: number): number {
  const cost = (height: number) => Math.ceil(rows / (height * CPU_THREADS)) * (height + 3);
  return [8, 7, 6, 5, 4, 3, 2, 1].reduce((best, height) => (cost(height) < cost(best) ? height : best));
}

/** A patch times eight features, the first and the last four. */
function accumulate(vector: 1 | 4, row: number): string {
  const products = (first: number) => {
    const four = [0, 1, 2, 3].map((c) => `b${first + c}`);
    if (vector === 1) return `a${row} * vec4f(${four.join(", ")})`;
    return `vec4f(${four.map((b) => `dot(a${row}, ${b})`).join(", ")})`;
  };
  return `left${row} += ${products(0)};\nright${row} += ${products(4)};`;
}

const BLOCK = 32;
const GPU_DEPTH = 16;

/** GPUs: 64 invocations make 32 patches x 32 features, 4 x 4 each; both operands pass through workgroup memory. */
function workgroupTiles(specs: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  const [batch, tokens, features] = specs.y.shape as readonly [number, number, number];
  const across = Math.ceil(features / BLOCK);
  const groups = Math.ceil((batch * (tokens - 1)) / BLOCK) * across;
  const perThread = Math.ceil((batch * features) / (groups * 64));
  const source = wgsl`
    ${header(specs, patchSize, 1)}
    var<workgroup> patchTile: array<f32, ${BLOCK * GPU_DEPTH}>; // [depth, patches]
    var<workgroup> weightTile: array<f32, ${BLOCK * GPU_DEPTH}>; // [depth, features]

    @compute @workgroup_size(64)
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let block = group.y * groups.x + group.x;
      for (var i = 0u; i < ${perThread}u; i++) { storeCls((block * 64u + local.x) * ${perThread}u + i); }
      if (block >= ${groups}u) { return; }
      let row = block / ${across}u * ${BLOCK}u;
      let feature = block % ${across}u * ${BLOCK}u;
      let own = vec2u(local.x / 8u, local.x % 8u) * 4u;
      var total: array<vec4f, 4>;
      for (var begin = 0u; begin < DEPTH; begin += ${GPU_DEPTH}u) {
        for (var i = local.x; i < ${BLOCK * GPU_DEPTH}u; i += 64u) {
          let k = begin + i % ${GPU_DEPTH}u; // neighbours read neighbouring pixels
          let to = i % ${GPU_DEPTH}u * ${BLOCK}u + i / ${GPU_DEPTH}u;
          let inside = k < DEPTH;
          let at = min(k, DEPTH - 1u);
          let line = i / ${GPU_DEPTH}u;
          patchTile[to] = select(0.0, f32(image[patchAt(min(row + line, ROWS - 1u)) + pixelAt(at)]), inside);
          weightTile[to] = f32(weight[min(feature + line, FEATURES - 1u) * DEPTH + at]);
        }
        workgroupBarrier();
        for (var k = 0u; k < ${GPU_DEPTH}u; k++) {
          let a = k * ${BLOCK}u + own.x;
          let b = k * ${BLOCK}u + own.y;
          let right = vec4f(weightTile[b], weightTile[b + 1u], weightTile[b + 2u], weightTile[b + 3u]);
          for (var r = 0u; r < 4u; r++) { total[r] += patchTile[a + r] * right; }
        }
        workgroupBarrier();
      }
      for (var r = 0u; r < 4u; r++) {
        for (var c = 0u; c < 4u; c++) { store(row + own.x + r, feature + own.y + c, total[r][c]); }
      }
    }`;
  return { source, workgroups: foldGrid(groups, adapter) };
}
