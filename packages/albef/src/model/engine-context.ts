import type { Executor, ParameterStore, WebGpuExecutor } from "@albef/core";
import type { OnProgress } from "../types.ts";
import {
  imageGraph,
  keysGraph,
  type MatchShape,
  type ModelPlan,
  matchGraph,
  type TextShape,
  textGraph,
} from "./graphs.ts";
import { type ProgramCache, programCache } from "./programs.ts";

export interface RunControl {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** After each batch, with the number of items that are done. */
  readonly onDone?: ((count: number) => void) | undefined;
}

/** What the engine's functions share. */
export interface EngineContext {
  readonly programs: ProgramCache;
  readonly plan: ModelPlan;
  /** Batches of images and of texts. */
  readonly sizes: readonly number[];
  /** Batches of pairs: an invocation has little to do for one of them. */
  readonly pairSizes: readonly number[];
}

/** Larger batches keep a GPU busy; on a CPU they only take memory. */
const GPU_BATCHES = [1, 4, 16];
const CPU_BATCHES = [1, 4];

export function engineContext(
  executor: Executor,
  store: ParameterStore | readonly ParameterStore[],
  plan: ModelPlan,
): EngineContext {
  const isGpu = executor.kind === "webgpu" && !(executor as WebGpuExecutor).facts.isCpu;
  const sizes = isGpu ? GPU_BATCHES : CPU_BATCHES;
  return { programs: programCache(executor, store), plan, sizes, pairSizes: isGpu ? [...sizes, 64] : sizes };
}

type Opening = Pick<RunControl, "onProgress">;

export const imageProgram = ({ programs, plan }: EngineContext, batch: number, { onProgress }: Opening) =>
  programs.get(`image ${batch}`, () => imageGraph(plan, batch), onProgress);

export const textProgram = ({ programs, plan }: EngineContext, shape: TextShape, { onProgress }: Opening) =>
  programs.get(`text ${shape.batch} x ${shape.length}`, () => textGraph(plan, shape), onProgress);

export const keysProgram = ({ programs, plan }: EngineContext, batch: number, { onProgress }: Opening) =>
  programs.get(`keys ${batch}`, () => keysGraph(plan, batch), onProgress);

export function matchProgram({ programs, plan }: EngineContext, shape: MatchShape, { onProgress }: Opening) {
  const { texts, images, length } = shape;
  const name = `match ${texts} texts, ${images} images, length ${length}`;
  return programs.get(name, () => matchGraph(plan, shape), onProgress);
}
