import type { AdapterFacts, Kernel } from "../../op.ts";
import type { Product } from "../../product-spec.ts";
import { foldGrid } from "../../shape.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { subgroupReductions } from "./subgroup-reduce.ts";
import { workgroupSum } from "./workgroup-sum.ts";

const THREADS = 64;

/** GPUs, few rows (a class token): a workgroup shares the depth of one column, so that all of the GPU reads weights. */
export function fewRows(product: Product, adapter: AdapterFacts): Kernel {
  const { a, b, depth, batch } = product;
  const rows = Array.from({ length: a.extent }, (_, r) => r);
  const piece = a.vector;
  const multiply = (r: number) =>
    piece === 4 ? `dot(loadA(aAt${r}, depthA(k)), right)` : `loadA(aAt${r}, depthA(k)) * right`;
  const each = (line: (r: number) => string): Wgsl => wgsl`${rows.map(line).join("\n")}`;
  const who = adapter.subgroups ? "lanes" : "local.x";
  const lanes = ", @builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_size) size: u32";
  const source = wgsl`
    ${adapter.subgroups ? "enable subgroups;" : ""}
    ${product.declarations}
    ${a.access}
    ${b.access}
    ${product.initial}
    ${product.store}
    ${adapter.subgroups ? subgroupReductions(THREADS) : workgroupSum(THREADS)}

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u${adapter.subgroups ? lanes : ""}) {
      let block = group.y * groups.x + group.x;
      let batch = block / ${b.extent}u;
      if (batch >= ${batch}u) { return; }
      let column = block % ${b.extent}u;
      let bAt = placeB(startB(batch), column);
      ${each((r) => `let aAt${r} = placeA(startA(batch), ${r}u);\nvar total${r} = 0.0;`)}
      for (var k = local.x * ${piece}u; k < ${depth}u; k += ${THREADS * piece}u) {
        let right = loadB(bAt, depthB(k));
        ${each((r) => `total${r} += ${multiply(r)};`)}
      }
      ${adapter.subgroups ? "let lanes = Lanes(local.x, lane, size);" : ""}
      ${each((r) => `total${r} = workgroupSum(${who}, total${r});`)}
      if (local.x == 0u) {
        ${each((r) => `store(batch, ${r}u, column, total${r} + initial(column));`)}
      }
    }`;
  return { source, workgroups: foldGrid(b.extent * batch, adapter) };
}
