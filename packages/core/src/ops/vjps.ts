import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Cotangents } from "../op.ts";

/** A vjp whose operand names are forgotten, as `AnyOp` forgets them. */
export type AnyVjp = (
  p: PrimitiveSet,
  cotangents: Cotangents<string, string>,
  attrs: object,
) => Readonly<Record<string, Tensor | null>>;

/** Gradients of fused ops of forward passes, kept apart from them: pages that never train do not load them. */
export const vjps: Readonly<Record<string, AnyVjp>> = {};
