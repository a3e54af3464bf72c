import { preCaption, preprocessImage, type RawImage, type Size } from "@albef/encoder";
import { type AttentionRows, ITM_MATCH } from "@albef/heads";
import { expectContrast } from "../model/core.ts";
import { matchScoreOf } from "../model/feature-types.ts";
import { readRaw } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import { storedValues } from "../model/stored-values.ts";
import { tokenizeCaptions } from "../model/texts.ts";
import type { ImageInput } from "../types.ts";
import { contrastCamGraph, matchCamGraph } from "./graphs.ts";
import { type CamRows, heatMap, rankBoxes, scoredWords } from "./heat-maps.ts";
import type { Grounding, GroundingMode, GroundOptions } from "./types.ts";
import { wordRows } from "./words.ts";

/** A picture that several texts are looked for in: decoded and encoded once. */
export interface OpenedImage {
  readonly size: Size;
  readonly pixels: Float32Array;
  /** f32 [tokens, width], from the image encoder. */
  states(): Promise<Float32Array>;
}

export async function openImage(
  { config, engine }: LoadedModel,
  image: ImageInput,
  signal?: AbortSignal,
): Promise<OpenedImage> {
  const raw: RawImage = await readRaw(image, signal);
  const pixels = preprocessImage(raw, config.vision.imageSize);
  let encoded: ReturnType<typeof engine.encodeImages> | undefined;
  return {
    size: { width: raw.width, height: raw.height },
    pixels,
    async states() {
      encoded ??= engine.encodeImages([pixels], { signal });
      return (await encoded)[0]!.states;
    },
  };
}

/** Where a text is in a picture, by Grad-CAM (paper section 4.5). Throws RangeError where an option does not fit the model. */
export async function ground(
  model: LoadedModel,
  image: ImageInput,
  text: string,
  options: GroundOptions = {},
): Promise<Grounding> {
  expectContrast(model.engine);
  return groundIn(model, await openImage(model, image, options.signal), text, options);
}

export async function groundIn(
  model: LoadedModel,
  image: OpenedImage,
  text: string,
  options: GroundOptions = {},
): Promise<Grounding> {
  const { mode = "itm", signal, ...choice } = options;
  const layers = layersOf(model, mode);
  const layer = options.layer ?? defaultLayer(layers, mode);
  if (!layers.includes(layer))
    throw new RangeError(`ground: layer of mode ${mode} must be ${layers.join(", ")}, got ${layer}`);
  const run = mode === "itm" ? byMatch : byContrast;
  const { logits, ...cams } = await run(model, { image, text, layer, signal });
  return {
    ...{ mode, layer, layers, heads: cams.gradCam.heads },
    map: heatMap(cams, choice),
    words: scoredWords(cams),
    ...(logits && { match: matchScoreOf({ match: logits[ITM_MATCH]!, other: logits[1 - ITM_MATCH]! }) }),
    heatMap: (other) => heatMap(cams, other),
    rankBoxes: (boxes, other) => rankBoxes(cams, boxes, other),
  };
}

function layersOf({ config }: LoadedModel, mode: GroundingMode): number[] {
  const { fusionLayer, numLayers } = config.text;
  if (mode === "itc") return Array.from({ length: config.vision.numLayers }, (_, i) => i);
  if (mode === "itm") return Array.from({ length: numLayers - fusionLayer }, (_, i) => fusionLayer + i);
  throw new RangeError(`ground: mode must be "itm" or "itc", got ${JSON.stringify(mode)}`);
}

/** 8 in ALBEF-base, in both modes. */
function defaultLayer(layers: readonly number[], mode: GroundingMode): number {
  return layers[Math.floor((mode === "itm" ? 1 / 3 : 2 / 3) * layers.length)]!;
}

interface Asked {
  readonly image: OpenedImage;
  readonly text: string;
  readonly layer: number;
  readonly signal: AbortSignal | undefined;
}

type Run = CamRows & { readonly logits?: Float32Array };

async function encodeText({ engine, tokenizer, config }: LoadedModel, { text, signal }: Asked) {
  const tokens = tokenizeCaptions([text], tokenizer, config, { maxTokens: config.text.maxPositions });
  return (await engine.encodeTexts(tokens, { signal }))[0]!;
}

async function byMatch(model: LoadedModel, asked: Asked): Promise<Run> {
  const { engine, tokenizer, config } = model;
  const { image, layer, signal } = asked;
  const { states, attentionMask } = await encodeText(model, asked);
  const imageStates = await image.states();
  signal?.throwIfAborted();
  const length = attentionMask.length;
  const name = `ground by match, layer ${layer}, length ${length}`;
  const program = await engine.programs.get(name, () => matchCamGraph(engine.plan, layer, length));
  const outputs = await program.run({ text: states, attentionMask, image: imageStates });
  const tokens = attentionMask.reduce((sum, kept) => sum + kept, 0);
  return {
    ...camRows(outputs, { heads: config.text.numHeads, rows: length }),
    rows: Array.from({ length: tokens }, (_, row) => row),
    words: wordRows(preCaption(asked.text), tokenizer, tokens),
    size: image.size,
    logits: outputs.logits as Float32Array,
  };
}

async function byContrast(model: LoadedModel, asked: Asked): Promise<Run> {
  const { engine, config, origin } = model;
  const { image, layer, signal } = asked;
  const { feature } = await encodeText(model, asked);
  const temperature = (await storedValues(origin, "temp")) ?? Float32Array.of(config.temperature);
  signal?.throwIfAborted();
  const program = await engine.programs.get(`ground by contrast, layer ${layer}`, () =>
    contrastCamGraph(engine.plan, layer),
  );
  const outputs = await program.run({ image: image.pixels, text: feature, temperature });
  return { ...camRows(outputs, { heads: config.vision.numHeads, rows: 1 }), rows: [0], words: [], size: image.size };
}

/** attention [heads, rows, patches + 1] and cam [heads, rows, patches] of one image. */
function camRows(
  { attention, cam }: Readonly<Record<string, ArrayLike<number>>>,
  shape: Pick<AttentionRows, "heads" | "rows">,
): Pick<CamRows, "attention" | "gradCam"> {
  const patches = cam!.length / shape.heads / shape.rows;
  const side = Math.sqrt(patches);
  const withoutClass = Float32Array.from(attention!).filter((_, i) => i % (patches + 1) !== 0);
  return {
    gradCam: { ...shape, side, data: Float32Array.from(cam!) },
    attention: { ...shape, side, data: withoutClass },
  };
}
