import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel, KernelSpecs } from "../op.ts";
import { foldGrid, lastDim } from "../shape.ts";
import { elementCount } from "../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../wgsl.ts";
import { type AttentionGradientAttrs, offsetOf } from "./snippets/attention-gradient-attrs.ts";
import { gradientRegisters } from "./snippets/attention-gradient-registers.ts";
import { type Attended, gradientSides, lines } from "./snippets/attention-gradient-sides.ts";
import { gradientTiles } from "./snippets/attention-gradient-tiles.ts";
import { keptFactors } from "./snippets/attention-kept.ts";
import { swallows } from "./snippets/attention-scores.ts";
import { runsQuads } from "./snippets/quad.ts";

type GradientSpecs = KernelSpecs<Attended | "dContext" | "statistics", "mask" | "seed">;

/**
 * One kernel for queries and keys: a tile of rows of one side walks all rows of the other, so that every sum is made by
 * one workgroup, always in the same order. The first workgroups hold queries, the others keys.
 */
export function attentionGradientKernel(
  specs: GradientSpecs,
  attrs: AttentionGradientAttrs,
  adapter: AdapterFacts,
): Kernel {
  const { query, key } = specs.inputs;
  const tokens = Math.max(query.shape[1]!, key.shape[1]!);
  const variant = adapter.isCpu ? gradientRegisters(runsQuads(adapter), tokens) : gradientTiles(attrs.headDim);
  const { threads, quad, rows, declarations, body } = variant;
  const sides = gradientSides(attrs.of).map((side) => {
    const blocks = Math.ceil((side.own === "query" ? query : key).shape[1]! / rows);
    return { side, name: side.own === "query" ? "walkKeys" : "walkQueries", blocks };
  });
  const batchHeads = query.shape[0]! * attrs.heads;
  const walks = sides.map(
    ({ side, name, blocks }) => wgsl`
      fn ${name}(index: u32, thread: u32, one: u32) { // one hides loop bounds: what drivers see, they unroll
        let batchHead = index / ${blocks}u;
        let batch = batchHead / HEADS;
        let head = batchHead % HEADS;
        let block = index % ${blocks}u;
        ${body(side)}
      }`,
  );
  const ends = sides.map((_, i) => batchHeads * sides.slice(0, i + 1).reduce((sum, { blocks }) => sum + blocks, 0));
  const calls = sides.map(
    ({ name }, i) =>
      `if (index < ${ends[i]}u) { ${name}(index - ${ends[i - 1] ?? 0}u, ${quad ? "lane" : "local.x"}, groups.z); }`,
  );
  const source = wgsl`
    ${quad ? "enable subgroups;" : ""}
    ${header(specs, attrs)}
    ${declarations}
    ${lines(walks)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u${quad ? ", @builtin(subgroup_invocation_id) lane: u32" : ""}) {
      _ = &value; // dV alone does not read it, and layouts leave out what is not named
      let index = group.y * groups.x + group.x;
      ${calls.join(" else ")}
    }`;
  return { source, workgroups: foldGrid(ends.at(-1)!, adapter) };
}

/** Bindings, `<operand>At(batch, token, head)`, `<operand>Piece(at, d)`, `<operand>Store` and `weigh`. */
function header(specs: GradientSpecs, attrs: AttentionGradientAttrs): Wgsl {
  const { query, key, value, dContext, statistics, seed, mask } = specs.inputs;
  const offsets = [attrs.queryOffset, attrs.keyOffset, attrs.valueOffset];
  const widths = [query, key, value, dContext].map(lastDim);
  const vector = [attrs.headDim, ...offsets, ...widths].every((extent) => extent % 4 === 0) ? 4 : 1;
  const read = { query, key, value, dContext };
  const outputs = outputsOf(specs, attrs);
  const vectors = Object.fromEntries([...Object.keys(read), ...Object.keys(outputs)].map((name) => [name, vector]));
  const access = Object.entries(read).map(([name, spec]) => {
    const offset = name === "dContext" ? 0 : offsetOf(name as Attended, attrs);
    return accessTo(name, { width: lastDim(spec), offset, tokens: spec.shape[1]!, attrs, vector }).text;
  });
  const stores = attrs.of.map((name) => storeOf(name, specs, attrs, vector).text);
  return wgsl`
    ${bindings({ query, key, value, dContext, statistics, mask, seed }, outputs, { vector: vectors })}
    const HEADS = ${attrs.heads}u;
    const QUERIES = ${query.shape[1]!}u;
    const KEYS = ${key.shape[1]!}u;
    const HEAD_DIM = ${attrs.headDim}u;
    const PIECES = ${Math.ceil(attrs.headDim / 4)}u; // of a head
    const ROWS = ${elementCount(statistics.shape.slice(1))}u; // of scores
    const SCALE = ${f32Literal(attrs.scale)};
    ${[...access, ...stores].join("\n")}
    ${weigh(attrs, mask !== undefined)}`;
}

/** Outputs by the names that the kernel gives them. */
function outputsOf(specs: GradientSpecs, { of, packed }: AttentionGradientAttrs) {
  if (packed) return { dPacked: specs.outputs[0]! };
  return Object.fromEntries(of.map((name, i) => [`${name}Gradient`, specs.outputs[i]!]));
}

interface Access {
  readonly width: number;
  readonly offset: number;
  readonly tokens: number;
  readonly attrs: AttentionGradientAttrs;
  readonly vector: number;
}

function placeOf({ width, offset, tokens, attrs, vector }: Access): string {
  return `(batch * ${tokens}u + token) * ${width / vector}u + ${offset / vector}u + head * ${attrs.headDim / vector}u`;
}

/** Pieces of 4 elements of a head, zero past its end. */
function accessTo(name: string, access: Access): Wgsl {
  const single = (i: number) => `select(0.0, f32(${name}[at + 4u * d + ${i}u]), 4u * d + ${i}u < HEAD_DIM)`;
  const piece = access.vector === 4 ? `vec4f(${name}[at + d])` : `vec4f(${[0, 1, 2, 3].map(single).join(", ")})`;
  return wgsl`
    fn ${name}At(batch: u32, token: u32, head: u32) -> u32 { return ${placeOf(access)}; }
    fn ${name}Piece(at: u32, d: u32) -> vec4f { return ${piece}; }`;
}

function storeOf(name: Attended, specs: GradientSpecs, attrs: AttentionGradientAttrs, vector: number): Wgsl {
  const output = attrs.packed ? specs.outputs[0]! : specs.outputs[attrs.of.indexOf(name)]!;
  const target = attrs.packed ? "dPacked" : `${name}Gradient`;
  const access = {
    width: lastDim(output),
    offset: attrs.packed ? offsetOf(name, attrs) : 0,
    tokens: output.shape[1]!,
    attrs,
    vector,
  };
  return wgsl`
    fn ${name}Store(batch: u32, token: u32, head: u32, d: u32, value: vec4f) {
      let at = ${placeOf(access)};
      ${
        vector === 4
          ? `${target}[at + d] = vec4<${output.dtype}>(value);`
          : `for (var i = 4u * d; i < min(4u * d + 4u, HEAD_DIM); i++) { ${target}[at + i] = ${output.dtype}(value[i % 4u]); }`
      }
    }`;
}

/** Declares what is known of four queries and of four keys, and `weigh`: four elements of P D and of scale dS. */
function weigh({ maskValue, causal, dropped }: AttentionGradientAttrs, masked: boolean): Wgsl {
  const keep = causal ? "select(vec4f(), padding, keys <= queries)" : "padding";
  const bias = masked || causal ? ` + (facts.seen - keep) * ${f32Literal(maskValue)}` : "";
  const four = (array: string) => `vec4f(${["x", "y", "z", "w"].map((lane) => `${array}[rows.${lane}]`).join(", ")})`;
  return wgsl`
    ${dropped > 0 ? keptFactors(dropped) : ""}

    struct QueryFacts { logSumExp: vec4f, shift: vec4f, seen: vec4f }
    fn queryFacts(batchHead: u32, queries: vec4u) -> QueryFacts {
      let rows = batchHead * QUERIES + min(queries, vec4u(QUERIES - 1u));
      return QueryFacts(plane(rows), plane(ROWS + rows), ${masked ? "plane(2u * ROWS + rows)" : "vec4f(1.0)"});
    }
    fn plane(rows: vec4u) -> vec4f { return ${four("statistics")}; }
    fn keyFacts(batchHead: u32, keys: vec4u) -> vec4f { // the padding mask
      let rows = batchHead / HEADS * KEYS + min(keys, vec4u(KEYS - 1u));
      return ${masked ? four("mask") : "vec4f(1.0)"};
    }

    struct Weights { probabilities: vec4f, scores: vec4f }
    fn weigh(batchHead: u32, queries: vec4u, keys: vec4u, facts: QueryFacts, padding: vec4f,
             products: vec4f, dProducts: vec4f) -> Weights {
      ${bias ? `let keep = ${keep};` : ""}
      let score = products * SCALE${bias && swallows({ maskValue }) ? " * keep" : ""}${bias};
      let inside = (queries < vec4u(QUERIES)) & (keys < vec4u(KEYS));
      let p = select(vec4f(), exp(score - facts.logSumExp), inside);
      let factor = ${dropped > 0 ? "kept((batchHead * QUERIES + queries) * KEYS + keys)" : "1.0"};
      return Weights(p * factor, p * (dProducts * factor - facts.shift) * SCALE);
    }`;
}
