import type { AdapterFacts, Kernel } from "../../op.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { type RegisterTile, registerTiles } from "./product-registers.ts";
import { fewRows } from "./product-rows.ts";
import type { Factor, Product } from "./product-spec.ts";
import { workgroupTiles } from "./product-workgroup.ts";

/** The kernel of a product for an adapter; operands and epilogue are the caller's text. */
export function productKernel(product: Product, adapter: AdapterFacts): Kernel {
  if (adapter.isCpu) return registerTiles(product, adapter, registerTile(product, adapter));
  const { a, b } = product;
  const along = !a.depthMajor && !b.depthMajor && a.vector === b.vector;
  return along && a.extent <= 4 ? fewRows(product, adapter) : workgroupTiles(product, adapter);
}

/**
 * Measured on SwiftShader (4 lanes) and llvmpipe (8 lanes): a subgroup makes 16 rows x 32 columns, each row loaded once
 * and broadcast. Smaller products take fewer rows: their pipelines compile in a fraction of the time.
 */
function registerTile({ a, b, depth, batch }: Product, adapter: AdapterFacts): RegisterTile {
  const { subgroups, subgroupMinSize, subgroupMaxSize } = adapter;
  const known = subgroups && subgroupMinSize === subgroupMaxSize && (subgroupMinSize === 4 || subgroupMinSize === 8);
  const lanes = known ? subgroupMinSize : 1;
  const work = a.extent * b.extent * depth * batch;
  const most = work < 2 ** 20 ? 4 : work < 2 ** 24 || lanes === 1 ? 8 : 16;
  const balanced = Math.ceil(a.extent / Math.ceil(a.extent / most)); // 20 rows are 2 x 12, not 16 + 4
  const rows = balanced <= 2 && !(a.depthMajor && a.vector === 4) ? balanced : Math.ceil(balanced / 4) * 4;
  const columns = work < 2 ** 20 || lanes === 8 ? 4 : 8;
  return { rows, columns, threads: 8, share: rows < lanes ? 1 : lanes };
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
    fn load${letter}(place: u32, k: u32) -> ${type} { return ${type}(${name}[place + ${depthMajor ? `k * ${line}u` : `k / ${vector}u`}]); }`;
  return { extent, depthMajor, vector, access };
}
