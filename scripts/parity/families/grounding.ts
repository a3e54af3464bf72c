import { trace } from "@albef/core";
import { type AlbefConfig, fusionParameters, parseConfig, resizeBicubic, visionParameters } from "@albef/encoder";
import {
  type AttentionCam,
  averageMap,
  type Box,
  type BoxChoice,
  chooseBox,
  contrastCam,
  groundingAccuracy,
  itcFeatures,
  itmParameters,
  matchCam,
  temperatureParameter,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";
import { type Check, checkEqual, checkNumbers, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, type StoredTensor } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Outputs, type Runner, runOnce, type WeightLookup, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";

const PREFIX = "text_encoder"; // fine-tuned models have no `bert.`

/** Grad-CAM through the matching score and through the contrast, and the boxes it chooses. */
export const grounding: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const cams = {
      ...{ runner, config, prefix: PREFIX, weights: weightsFrom(await recorded.weights()) },
      ...{ image: recorded.tensor("in.image"), ids: recorded.tensor("in.input_ids") },
      mask: recorded.tensor("in.attention_mask"),
    };
    const byMatch = await matchMaps({ ...cams, layer: recorded.field("itm_block") });
    const outputs = { ...byMatch, ...(await contrastMaps({ ...cams, layer: recorded.field("itc_block") })) };
    return [...checkOutputs(recorded, outputs), ...boxChecks(recorded, config, Float32Array.from(byMatch["itm.map"]!))];
  },
};

/** One pass of Grad-CAM over images, each with its text. */
export interface CamCase {
  readonly runner: Runner;
  readonly config: AlbefConfig;
  /** Of the text encoder's keys. */
  readonly prefix: string;
  readonly weights: WeightLookup;
  /** [batch, 3, size, size] */
  readonly image: StoredTensor;
  /** [batch, L] */
  readonly ids: StoredTensor;
  readonly mask: StoredTensor;
  /** Number of the fusion layer, or of the image encoder's block. */
  readonly layer: number;
}

const inputsOf = ({ image, ids, mask }: CamCase) => ({ image: asFloat(image), ...tokenData(ids, mask) });

/** Quantities of mode `itm`. */
export async function matchMaps(cams: CamCase): Promise<Outputs> {
  const { runner, config, prefix, image, ids, layer } = cams;
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, prefix);
    const tokens = tokenInputs(tracer, ids.shape);
    const { textEmbeds } = model.text(tokens);
    const { imageEmbeds } = model.vision(imageInput(tracer, image.shape));
    const { logits, attention, gradient, cam } = matchCam(
      { textEmbeds, attentionMask: tokens.attentionMask, imageEmbeds },
      {
        layers: fusionParameters(model.source.scope(prefix), config.text),
        itm: itmParameters(model.source, config.text),
        ...{ config, layer },
      },
    );
    return { logits, attention, gradient, cam };
  });
  const { logits, attention, gradient, cam } = await runOnce(runner, graph, inputsOf(cams), cams.weights);
  const length = ids.shape[1]!;
  const each = rowsOf(cams, cam!, { heads: config.text.numHeads, rows: length });
  const tokens = each.flatMap((item) => Array.from({ length }, (_, row) => [...averageMap(item, { rows: [row] })]));
  return {
    ...{ "itm.logits": logits!, "itm.attention": attention!, "itm.attention_grad": gradient! },
    "itm.map": each.flatMap((item) => [...averageMap(item)]),
    "itm.token_map": tokens.flat(),
  };
}

/** Quantities of mode `itc`. */
export async function contrastMaps(cams: CamCase): Promise<Outputs> {
  const { runner, config, prefix, layer } = cams;
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, prefix);
    const { textEmbeds } = model.text(tokenInputs(tracer, cams.ids.shape));
    const image = imageInput(tracer, cams.image.shape);
    const textFeatures = itcFeatures(textEmbeds, textProjectionParameters(model.source, config));
    const found = contrastCam(
      { image, textFeatures, temperature: temperatureParameter(model.source) },
      {
        vision: visionParameters(model.source.scope("visual_encoder"), config.vision),
        projection: visionProjectionParameters(model.source, config),
        ...{ config, layer },
      },
    );
    return { ...watched(found), cam: found.cam, similarities: found.similarities };
  });
  const { cam, similarities, ...seen } = await runOnce(runner, graph, inputsOf(cams), cams.weights);
  const heads = config.vision.numHeads;
  const patches = cam!.length / cams.image.shape[0]! / heads;
  const each = rowsOf(cams, cam!, { heads, rows: 1 });
  return {
    "itc.sim_diag": similarities!,
    "itc.map": each.flatMap((item) => [...averageMap(item)]),
    "itc.attention_cls": withoutClass(seen.attention!, patches),
    "itc.attention_cls_grad": withoutClass(seen.gradient!, patches),
  };
}

const watched = ({ attention, gradient }: AttentionCam) => ({ attention, gradient });

/** Rows of [..., patches + 1] without their first column. */
function withoutClass(values: ArrayLike<number>, patches: number): number[] {
  return Array.from(values).filter((_, i) => i % (patches + 1) !== 0);
}

interface Sizes {
  readonly heads: number;
  readonly rows: number;
}

/** The maps of each item of the batch. */
function rowsOf({ image, config }: CamCase, cam: ArrayLike<number>, { heads, rows }: Sizes) {
  const batch = image.shape[0]!;
  const side = config.vision.imageSize / config.vision.patchSize;
  const size = heads * rows * side * side;
  const data = Float32Array.from(cam);
  return Array.from({ length: batch }, (_, i) => ({
    data: data.subarray(i * size, (i + 1) * size),
    ...{ heads, rows, side },
  }));
}

interface BoxEvaluation {
  readonly detections: readonly (readonly number[])[][];
  readonly reference_boxes: readonly Box[];
  readonly splits: readonly string[];
  readonly image_sizes_hw: readonly (readonly [number, number])[];
  readonly chosen: readonly { readonly box: Box; readonly iou: number }[];
  readonly accuracy: Readonly<Record<string, number>>;
}

function boxChecks(recorded: RecordedCase, { vision }: AlbefConfig, maps: Float32Array): Check[] {
  const { detections, reference_boxes, splits, image_sizes_hw, chosen, accuracy } =
    recorded.field<BoxEvaluation>("eval");
  const side = vision.imageSize / vision.patchSize;
  const checks: Check[] = [];
  const choices: BoxChoice[] = [];
  for (const [i, [height, width]] of image_sizes_hw.entries()) {
    const grid = {
      data: maps.subarray(i * side * side, (i + 1) * side * side),
      height: side,
      width: side,
      channels: 1,
    };
    const data = resizeBicubic(grid, height, width);
    const name = `eval.upsampled${i}`;
    const expected = recorded.expected.get(`out.${name}`);
    if (expected) checks.push(checkNumbers(name, data, recorded.tensor(`out.${name}`).data, expected));
    const boxes = detections[i]!.map((box) => box.slice(0, 4) as unknown as Box);
    const sample = { map: { data, width, height }, boxes, reference: reference_boxes[i]! };
    choices.push(chooseBox(sample, { faithful: true, previous: choices.at(-1)?.box }));
  }
  const overlaps = choices.map(({ iou }) => iou);
  const shares = groundingAccuracy(overlaps.map((iou, i) => ({ split: splits[i]!, iou })));
  const named = Object.entries(shares).map(([split, share]) => [`${split}_d`, share] as const);
  const [boxes, wanted] = [choices.map(({ box }) => box), chosen.map(({ box }) => box)];
  return [
    ...checks,
    checkEqual("eval.chosen boxes", boxes, wanted),
    checkNumbers(
      "eval.overlaps",
      overlaps,
      Float64Array.from(chosen, ({ iou }) => iou),
      { atol: 1e-12 },
    ),
    checkEqual("eval.accuracy", Object.fromEntries(named), accuracy),
  ];
}
