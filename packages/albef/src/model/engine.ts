import { DeviceError, type Executor, type ParameterStore, type TensorData, type WebGpuExecutor } from "@albef/core";
import { ITM_MATCH } from "@albef/heads";
import type { OnProgress } from "../types.ts";
import { batchesOf, concatRows, splitRows } from "./batches.ts";
import { imageGraph, type ModelPlan, matchGraph, textGraph } from "./graphs.ts";
import { type ProgramCache, programCache } from "./programs.ts";

/** An image after the image encoder. */
export interface EncodedImage {
  /** Unit vector, f32 [embedDim]; empty where the model has no projections, see `ModelPlan.contrasts`. */
  readonly feature: Float32Array;
  /** f32 [tokens, width]. */
  readonly states: Float32Array;
}

/** A text after the text encoder. */
export interface EncodedText {
  readonly feature: Float32Array;
  /** f32 [length, width]. */
  readonly states: Float32Array;
  /** f32 [length], 1 = a token. */
  readonly attentionMask: Float32Array;
}

/** A tokenized text, padded. */
export interface TextTokens {
  readonly inputIds: Int32Array;
  readonly attentionMask: Float32Array;
}

export interface RunControl {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** After each batch, with the number of items that are done. */
  readonly onDone?: ((count: number) => void) | undefined;
}

/** The three programs of retrieval over batches of any size. */
export interface Engine {
  readonly executor: Executor;
  readonly plan: ModelPlan;
  /** What is compiled for the plan's weights; for graphs of other tasks too. */
  readonly programs: ProgramCache;
  /** Pixels f32 [3, size, size] each. */
  encodeImages(pixels: readonly Float32Array[], control?: RunControl): Promise<EncodedImage[]>;
  /** All of one length. */
  encodeTexts(texts: readonly TextTokens[], control?: RunControl): Promise<EncodedText[]>;
  /** ITM logits of "match" for texts against images, one of the two sides being a single item or both equally many. */
  match(texts: readonly EncodedText[], images: readonly Float32Array[], control?: RunControl): Promise<MatchLogits[]>;
  dispose(): void;
}

export interface MatchLogits {
  readonly other: number;
  readonly match: number;
}

/** Larger batches keep a GPU busy; on a CPU they only take memory. */
const GPU_BATCHES = [1, 4, 16];
const CPU_BATCHES = [1, 4];

interface Context {
  readonly programs: ProgramCache;
  readonly plan: ModelPlan;
  readonly sizes: readonly number[];
}

export function createEngine(
  executor: Executor,
  store: ParameterStore | readonly ParameterStore[],
  plan: ModelPlan,
): Engine {
  const isGpu = executor.kind === "webgpu" && !(executor as WebGpuExecutor).facts.isCpu;
  const context = { programs: programCache(executor, store), plan, sizes: isGpu ? GPU_BATCHES : CPU_BATCHES };
  return {
    ...{ executor, plan, programs: context.programs },
    encodeImages: (pixels, control = {}) => encodeImages(context, pixels, control),
    encodeTexts: (texts, control = {}) => encodeTexts(context, texts, control),
    match: (texts, images, control = {}) => match(context, texts, images, control),
    dispose: () => context.programs.dispose(),
  };
}

async function encodeImages({ programs, plan, sizes }: Context, pixels: readonly Float32Array[], control: RunControl) {
  const encoded: EncodedImage[] = [];
  for (const { begin, size } of batchesOf(pixels.length, sizes)) {
    control.signal?.throwIfAborted();
    const program = await programs.get(`image ${size}`, () => imageGraph(plan, size), control.onProgress);
    const { features, states } = await program.run({ image: concatRows(pixels.slice(begin, begin + size)) });
    const vectors = featureRows(features, size);
    for (const [i, row] of splitRows(states as Float32Array, size).entries()) {
      encoded.push({ feature: vectors[i]!, states: row });
    }
    control.onDone?.(encoded.length);
  }
  return encoded;
}

async function encodeTexts({ programs, plan, sizes }: Context, texts: readonly TextTokens[], control: RunControl) {
  const encoded: EncodedText[] = [];
  const length = texts[0]?.inputIds.length ?? 0;
  for (const { begin, size } of batchesOf(texts.length, sizes)) {
    control.signal?.throwIfAborted();
    const build = () => textGraph(plan, { batch: size, length });
    const program = await programs.get(`text ${size} x ${length}`, build, control.onProgress);
    const part = texts.slice(begin, begin + size);
    const inputIds = Int32Array.from(part.flatMap((text) => [...text.inputIds]));
    const attentionMask = concatRows(part.map((text) => text.attentionMask));
    const { features, states } = await program.run({ inputIds, attentionMask });
    const rows = splitRows(states as Float32Array, size);
    const vectors = featureRows(features, size);
    for (const [i, text] of part.entries()) {
      encoded.push({ attentionMask: text.attentionMask, feature: vectors[i]!, states: rows[i]! });
    }
    control.onDone?.(encoded.length);
  }
  return encoded;
}

const UNIT_TOLERANCE = 0.01; // f16 rounds a norm by less

/** Features row by row. Weights that hold NaN, and 16-bit sums that overflow, end here and not in a gallery. */
function featureRows(features: TensorData | undefined, rows: number): Float32Array[] {
  const vectors = splitRows((features ?? new Float32Array()) as Float32Array, rows);
  for (const vector of features ? vectors : []) {
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (Math.abs(norm - 1) <= UNIT_TOLERANCE) continue;
    throw new DeviceError(
      `a computed feature has length ${norm}, must be 1; are the weights damaged? With dtype "f16" try "f32"`,
    );
  }
  return vectors;
}

async function match(
  { programs, plan, sizes }: Context,
  texts: readonly EncodedText[],
  images: readonly Float32Array[],
  control: RunControl,
): Promise<MatchLogits[]> {
  const logits: MatchLogits[] = [];
  const length = texts[0]?.attentionMask.length ?? 0;
  const some = <T>(items: readonly T[], begin: number, size: number) =>
    items.length === 1 ? items : items.slice(begin, begin + size);
  const pairs = texts.length === 0 || images.length === 0 ? 0 : Math.max(texts.length, images.length);
  for (const { begin, size } of batchesOf(pairs, sizes)) {
    control.signal?.throwIfAborted();
    const [left, right] = [some(texts, begin, size), some(images, begin, size)];
    const shape = { pairs: size, texts: left.length, images: right.length, length };
    const name = `match ${left.length} texts, ${right.length} images, length ${length}`;
    const program = await programs.get(name, () => matchGraph(plan, shape), control.onProgress);
    const result = await program.run({
      text: concatRows(left.map((text) => text.states)),
      attentionMask: concatRows(left.map((text) => text.attentionMask)),
      image: concatRows(right),
    });
    for (const row of splitRows(result.logits as Float32Array, size)) {
      logits.push({ other: row[1 - ITM_MATCH]!, match: row[ITM_MATCH]! });
    }
    control.onDone?.(logits.length);
  }
  return logits;
}
