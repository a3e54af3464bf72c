import { cast, type Tensor } from "@albef/core";
import type { AttendOf } from "./attention.ts";

/** Runs a block by another way than calling it: `checkpoint` of core computes it again for the backward. */
export type AroundBlock = <R>(block: (x: Tensor) => R) => (x: Tensor) => R;

/** How the blocks of an encoder are run. Inference leaves all of it out. */
export interface BlockRun {
  /** How each block attends, by its number. Default: flash attention everywhere. */
  readonly attendOf?: AttendOf | undefined;
  /** What the outputs of embeddings and dense layers pass through before the residual: dropout. Default: nothing. */
  readonly drop?: ((x: Tensor) => Tensor) | undefined;
  /** Default: blocks are called. */
  readonly around?: AroundBlock | undefined;
  /** How the states between blocks are stored. Default: as the embeddings are. */
  readonly dtype?: "f32" | "f16" | undefined;
}

/** Nothing is dropped. */
export const keepAll = (x: Tensor): Tensor => x;

/** Embeddings as the blocks are to have them. */
export function enter(embeddings: Tensor, { dtype, drop = keepAll }: BlockRun): Tensor {
  return drop(dtype && dtype !== embeddings.dtype ? cast(embeddings, dtype) : embeddings);
}

/** Blocks are called as they are. */
export const called: AroundBlock = (block) => block;
