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

const TILE = 4;
const CPU_THREADS = 16;

/** CPU adapters: an invocation holds 4 patches x 4 features. */
function registerTiles(specs: Specs, patchSize: number, adapter: AdapterFacts): Kernel {
  const vector = vectorWidth(specs, patchSize);
  const [batch, tokens, features] = specs.y.shape as readonly [number, number, number];
  const lanes = [0, 1, 2, 3];
  const multiply = (r: number, c: number) => (vector === 4 ? `dot(a${r}, b${c})` : `a${r} * b${c}`);
  const each = (line: (i: number) => string) => lanes.map(line).join("\n");
  const type = vector === 4 ? "vec4f" : "f32";
  const across = Math.ceil(features / TILE);
  const tiles = Math.ceil((batch * (tokens - 1)) / TILE) * across;
  const groups = Math.ceil(tiles / CPU_THREADS);
  const perThread = Math.ceil((batch * features) / (groups * CPU_THREADS));
  const source = wgsl`
    ${header(specs, patchSize, vector)}

    @compute @workgroup_size(${CPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let tile = (group.y * groups.x + group.x) * ${CPU_THREADS}u + local.x;
      for (var i = 0u; i < ${perThread}u; i++) { storeCls(tile * ${perThread}u + i); }
      if (tile >= ${tiles}u) { return; }
      let row = tile / ${across}u * ${TILE}u; // rows past the end are computed and not stored
      let feature = tile % ${across}u * ${TILE}u;
      ${each((i) => `let image${i} = patchAt(min(row + ${i}u, ROWS - 1u));\nlet weight${i} = min(feature + ${i}u, FEATURES - 1u) * DEPTH;\nvar total${i} = vec4f();`)}
      for (var begin = 0u; begin < DEPTH; begin += RUN) {
        let pixel = pixelAt(begin);
        for (var i = 0u; i < RUN; i++) {
          ${each((i) => `let a${i} = ${type}(image[image${i} + pixel + i]);\nlet b${i} = ${type}(weight[weight${i} + begin + i]);`)}
          ${each((r) => `total${r} += vec4f(${lanes.map((c) => multiply(r, c)).join(", ")});`)}
        }
      }
      ${each((r) => `for (var c = 0u; c < 4u; c++) { store(row + ${r}u, feature + c, total${r}[c]); }`)}
    }`;
  return { source, workgroups: foldGrid(groups, adapter) };
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
