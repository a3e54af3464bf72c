import type { AdapterFacts, Candidates, Kernel } from "../../op.ts";
import type { Factor, Product } from "../../product-spec.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { fewRows } from "./product-rows.ts";
import { workgroupTiles } from "./product-workgroup.ts";

/** The kernel of a product for an adapter; operands and epilogue are the caller's text. */
export function productKernel(product: Product, adapter: AdapterFacts): Kernel {
  const candidates = (adapter.isCpu && adapter.cpu?.product(product, adapter)) || onGpu(product, adapter);
  const names = Object.keys(candidates);
  const work = workOf(product);
  const make = candidates[adapter.choices?.[work] ?? ""] ?? candidates[names[0]!]!;
  return { ...make(), choice: { work, names } };
}

/** Products of like shape and storage are one class: extents count by their powers of two. */
function workOf({ a, b, depth, batch }: Product): string {
  const order = ({ depthMajor, vector }: Factor) => `${depthMajor ? "t" : ""}${vector}`;
  const extents = [batch, a.extent, b.extent, depth].map((extent) => Math.round(Math.log2(extent)));
  return `product ${order(a)} ${order(b)} ${extents.join(" ")}`;
}

function onGpu(product: Product, adapter: AdapterFacts): Candidates {
  const { a, b, batch } = product;
  const along = !a.depthMajor && !b.depthMajor && a.vector === b.vector;
  if (along && a.extent <= 4) return { "few rows": () => fewRows(product, adapter) };
  const large = Math.ceil(a.extent / 64) * Math.ceil(b.extent / 64) * batch;
  // smaller tiles where large ones would leave rows or most of a GPU unused
  const heights = a.extent <= 32 ? [32] : large < 96 ? [32, 64] : [64, 32];
  return Object.fromEntries(heights.map((rows) => [`${rows} rows`, () => workgroupTiles(product, adapter, rows)]));
}

/** Elements that one load of a stored operand may bring. */
export function vectorWidth(extent: number, depth: number, depthMajor: boolean): 1 | 4 {
  return (depthMajor ? extent : depth) % 4 === 0 ? 4 : 1;
}

export interface StoredFactor {
  /** Binding, declared with `vector` elements per entry. */
  readonly name: string;
  readonly extent: number;
  readonly depth: number;
  readonly depthMajor: boolean;
  readonly vector: 1 | 4;
  /** Statements that declare `at`, the element at which the matrix of batch `i` begins. */
  readonly start?: Wgsl;
}

/** Access to an operand that lies in a buffer as f32 or f16. */
export function storedFactor(letter: "A" | "B", stored: StoredFactor): Factor {
  const { name, extent, depth, depthMajor, vector, start } = stored;
  const type = vector === 4 ? "vec4f" : "f32";
  const line = (depthMajor ? extent : depth) / vector;
  const access = wgsl`
    fn start${letter}(i: u32) -> u32 {
      ${start ?? "let at = 0u;"}
      return at / ${vector}u;
    }
    fn place${letter}(start: u32, outer: u32) -> u32 { return start + ${depthMajor ? `outer / ${vector}u` : `outer * ${line}u`}; }
    fn depth${letter}(k: u32) -> u32 { return ${depthMajor ? `k * ${line}u` : vector === 4 ? "k >> 2u" : "k"}; }
    fn load${letter}(place: u32, depth: u32) -> ${type} { return ${type}(${name}[place + depth]); }`;
  return { extent, depthMajor, vector, access };
}
