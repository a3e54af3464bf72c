import type { AdapterFacts } from "../../op.ts";

/** CPU adapters whose subgroups are quads: SwiftShader. A load costs it as much as 25 products, a swap as much as one. */
export function runsQuads({ isCpu, subgroups, subgroupMinSize, subgroupMaxSize }: AdapterFacts): boolean {
  return isCpu && subgroups && subgroupMinSize === 4 && subgroupMaxSize === 4;
}

const SWAPS = ["", "quadSwapX", "quadSwapY", "quadSwapDiagonal"] as const;

/** A value as the lane has it whose number differs by `bits`, 0 to 3, from the own: lane ^ bits in the quad. */
export function swapped(value: string, bits: number): string {
  return `${SWAPS[bits]!}(${value})`;
}
