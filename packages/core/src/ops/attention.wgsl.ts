import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel, KernelSpecs } from "../op.ts";
import { foldGrid, lastDim } from "../shape.ts";
import { f32Literal, type Wgsl, wgsl } from "../wgsl.ts";
import { attendKeys, finishQueries, startQueries } from "./snippets/attention-online.ts";
import type { ScoreAttrs } from "./snippets/attention-scores.ts";
import { runsQuads } from "./snippets/quad.ts";

export interface AttentionAttrs extends ScoreAttrs {
  readonly valueOffset: number;
}

/** What the kernel's text is made of. */
export interface AttentionText extends AttentionAttrs {
  /** With dropout: declares `kept(elements: vec4u) -> vec4f`, the factors of four probabilities. */
  readonly kept?: Wgsl;
}

type Specs = KernelSpecs<"query" | "key" | "value", "mask" | "seed">;

/** Flash attention: rows of queries walk the keys once with a running maximum and sum. */
export function attentionKernel(specs: Specs, attrs: AttentionText, adapter: AdapterFacts): Kernel {
  return adapter.isCpu ? registerRows(specs, attrs, adapter) : workgroupTiles(specs, attrs, adapter);
}

/** Elements per load: 4 where heads and rows begin at multiples of 4. */
function vectorWidth({ inputs }: Specs, attrs: AttentionAttrs): 1 | 4 {
  const extents = [
    attrs.headDim,
    attrs.queryOffset,
    attrs.keyOffset,
    attrs.valueOffset,
    lastDim(inputs.query),
    lastDim(inputs.key),
    lastDim(inputs.value),
  ];
  return extents.every((extent) => extent % 4 === 0) ? 4 : 1;
}

function header(specs: Specs, attrs: AttentionText, queriesPerGroup: number): Wgsl {
  const { query, key, value, seed, mask } = specs.inputs;
  const [batch, queries] = query.shape as readonly [number, number];
  const vector = vectorWidth(specs, attrs);
  const [y, logSumExp] = specs.outputs as readonly [(typeof specs.outputs)[0], (typeof specs.outputs)[0]];
  return wgsl`
    ${bindings({ query, key, value, seed, mask }, { y, logSumExp }, { vector: { query: vector, key: vector, value: vector, y: vector } })}
    alias Piece = ${vector === 4 ? "vec4f" : "f32"};
    const BATCH = ${batch}u;
    const HEADS = ${attrs.heads}u;
    const QUERIES = ${queries}u;
    const KEYS = ${key.shape[1]!}u;
    const PIECES = ${attrs.headDim / vector}u; // of a head
    const QUERY_WIDTH = ${lastDim(query) / vector}u;
    const KEY_WIDTH = ${lastDim(key) / vector}u;
    const VALUE_WIDTH = ${lastDim(value) / vector}u;
    const BLOCKS = ${Math.ceil(queries / queriesPerGroup)}u; // of queries
    const SCALE = ${f32Literal(attrs.scale)};
    const LOWEST = -1e38f; // below every score, and its differences stay finite
    ${attrs.kept ?? ""}

    fn queryAt(batch: u32, token: u32, head: u32) -> u32 {
      return (batch * QUERIES + token) * QUERY_WIDTH + ${attrs.queryOffset / vector}u + head * PIECES;
    }
    fn keyAt(batch: u32, token: u32, head: u32) -> u32 {
      return (batch * KEYS + token) * KEY_WIDTH + ${attrs.keyOffset / vector}u + head * PIECES;
    }
    fn valueAt(batch: u32, token: u32, head: u32) -> u32 {
      return (batch * KEYS + token) * VALUE_WIDTH + ${attrs.valueOffset / vector}u + head * PIECES;
    }`;
}

/** CPU adapters: an invocation holds several queries of a head, so that a key is loaded once for all of them. */
function registerRows(specs: Specs, attrs: AttentionText, adapter: AdapterFacts): Kernel {
  const [batch, queries] = specs.inputs.query.shape as readonly [number, number];
  const keys = specs.inputs.key.shape[1]!;
  const quad = runsQuads(adapter);
  const threads = quad ? 4 : 8;
  const tile = {
    rows: rowsPerInvocation(queries, threads),
    quads: quad ? Math.ceil(keys / Math.ceil(keys / 24) / 4) : 2,
    share: quad ? 4 : 1,
    vector: vectorWidth(specs, attrs),
    masked: specs.inputs.mask !== undefined,
    attrs,
  } as const;
  const key = (j: number) => `min(token + ${quad ? `${4 * j}u + lane` : `${j}u`}, KEYS - 1u)`;
  const source = wgsl`
    ${quad ? "enable subgroups;" : ""}
    ${header(specs, attrs, tile.rows * threads)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u${quad ? ", @builtin(subgroup_invocation_id) lane: u32" : ""}) {
      let index = group.y * groups.x + group.x; // batch and head by workgroup: keys are the same for all invocations
      let batch = index / (BLOCKS * HEADS);
      let head = index / BLOCKS % HEADS;
      if (batch >= BATCH) { return; }
      let first = (index % BLOCKS * ${threads}u + local.x) * ${tile.rows}u; // past the end: computed, not stored
      let pieces = PIECES * groups.z; // the grid is flat; a bound that drivers see is unrolled, and compiles for seconds
      ${startQueries(tile)}
      for (var token = 0u; token < KEYS; token += ${4 * tile.quads}u) {
        ${attendKeys(tile, {
          keyBegin: (j) => `keyAt(batch, ${key(j)}, head)`,
          valueBegin: (j) => `valueAt(batch, ${key(j)}, head)`,
          query: (row) => `Piece(query[query${row} + d])`,
          key: "key",
          value: "value",
        })}
      }
      ${finishQueries(tile, specs.outputs[0]!.dtype)}
    }`;
  const blocks = Math.ceil(queries / (tile.rows * threads));
  return { source, workgroups: foldGrid(batch * attrs.heads * blocks, adapter) };
}

/** The tile height that costs least: idle rows against loads that fewer rows share. */
function rowsPerInvocation(queries: number, threads: number): number {
  const cost = (rows: number) => Math.ceil(queries / (rows * threads)) * (rows + 3);
  return [8, 7, 6, 5, 4, 3, 2, 1].reduce((best, rows) => (cost(rows) < cost(best) ? rows : best));
}

const GPU_THREADS = 64;

/** GPUs: a workgroup holds 64 queries of a head, one per invocation; keys and values pass through workgroup memory. */
function workgroupTiles(specs: Specs, attrs: AttentionText, adapter: AdapterFacts): Kernel {
  const queries = specs.inputs.query.shape[1]!;
  const fitting = Math.floor(adapter.maxWorkgroupStorageBytes / (8 * attrs.headDim * 4)) * 4; // keys and values, f32
  const keys = Math.max(4, Math.min(32, fitting));
  const tile = {
    rows: 1,
    quads: 1,
    share: 1,
    vector: vectorWidth(specs, attrs),
    masked: specs.inputs.mask !== undefined,
    attrs,
  } as const;
  const place = (j: number) => `(token - start + ${j}u) * PIECES`;
  const source = wgsl`
    ${header(specs, attrs, GPU_THREADS)}
    const TILE = ${keys}u; // keys in workgroup memory
    var<workgroup> keyTile: array<Piece, TILE * PIECES>;
    var<workgroup> valueTile: array<Piece, TILE * PIECES>;

    @compute @workgroup_size(${GPU_THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let index = group.y * groups.x + group.x;
      let batch = index / (BLOCKS * HEADS);
      let head = index / BLOCKS % HEADS;
      if (batch >= BATCH) { return; }
      let first = index % BLOCKS * ${GPU_THREADS}u + local.x; // past the end: computed on the last row, not stored
      const pieces = PIECES; // known, so that the head is unrolled into registers
      ${startQueries(tile)}
      var own: array<Piece, PIECES>;
      for (var d = 0u; d < pieces; d++) { own[d] = Piece(query[query0 + d]); }
      for (var start = 0u; start < KEYS; start += TILE) {
        for (var i = local.x; i < TILE * PIECES; i += ${GPU_THREADS}u) {
          let token = min(start + i / PIECES, KEYS - 1u);
          keyTile[i] = Piece(key[keyAt(batch, token, head) + i % PIECES]);
          valueTile[i] = Piece(value[valueAt(batch, token, head) + i % PIECES]);
        }
        workgroupBarrier();
        for (var token = start; token < min(start + TILE, KEYS); token += 4u) {
          ${attendKeys(tile, { keyBegin: place, valueBegin: place, query: () => "own[d]", key: "keyTile", value: "valueTile" })}
        }
        workgroupBarrier();
      }
      ${finishQueries(tile, specs.outputs[0]!.dtype)}
    }`;
  const blocks = Math.ceil(queries / GPU_THREADS);
  return { source, workgroups: foldGrid(specs.inputs.query.shape[0]! * attrs.heads * blocks, adapter) };
}
