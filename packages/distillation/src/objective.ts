import { primitives as p, randomUniform, type Tensor, type Tracer } from "@albef/core";
import type { ParameterSource } from "@albef/encoder";
import {
  hardNegativeWeights,
  itcLoss,
  itcSimilarity,
  itmLoss,
  mlmLoss,
  officialNegativeWeights,
  pairTargets,
  sampleNegatives,
  sharedTargets,
  softenedTargets,
  takeItems,
  temperatureParameter,
  uniformNegativeWeights,
} from "@albef/heads";
import type { Branch } from "./branches.ts";
import { type ObjectiveOptions, TEMPERATURE_RANGE } from "./objective-options.ts";
import type { StepInputs } from "./step-inputs.ts";
import type { TaskLosses } from "./task.ts";

export interface ObjectiveParts {
  readonly tracer: Tracer;
  readonly online: Branch;
  readonly teacher: Branch;
  readonly inputs: StepInputs;
  readonly options: ObjectiveOptions;
}

type Named = Readonly<Record<string, Tensor>>;

/** The training losses of one batch (official model_pretrain.py and model_retrieval.py `forward`). */
export function objective(parts: ObjectiveParts): TaskLosses {
  const { online, inputs, options } = parts;
  const embeds = { image: online.image(inputs.image), text: online.text(inputs) };
  const losses: Record<string, Tensor> = {};
  let seen: Named = {};
  let queue: TaskLosses["queue"];
  let clampedTemperature: Tensor | undefined;
  let similarities: Similarities | undefined;
  if (options.itc || (options.itm && options.hardNegatives)) {
    const contrast = contrastive(parts, embeds);
    similarities = contrast.similarities;
    seen = { ...seen, ...contrast.seen };
    if (options.queueSize > 0) queue = { ...contrast.features, size: options.queueSize };
    clampedTemperature = contrast.temperature.clamped;
    if (options.itc) losses.itc = contrast.loss;
  }
  if (options.itm) {
    const matching = match(parts, embeds, similarities);
    losses.itm = matching.loss;
    seen = { ...seen, ...matching.seen };
  }
  if (options.mlm) {
    const words = maskedWords(parts, embeds.image);
    losses.mlm = words.loss;
    seen = { ...seen, ...words.seen };
  }
  const total = Object.values(losses).reduce((sum, loss) => p.add(sum, loss));
  return { losses, total, seen, ...(queue && { queue }), ...(clampedTemperature && { clampedTemperature }) };
}

interface Embeds {
  readonly image: Tensor;
  readonly text: Tensor;
}

interface Similarities {
  readonly imageToText: Tensor;
  readonly textToImage: Tensor;
}

function contrastive({ tracer, online, teacher, inputs, options }: ObjectiveParts, embeds: Embeds) {
  const stored = temperatureOf(online.source, options);
  const temperature = stored.used;
  const own = { image: online.imageFeatures(embeds.image), text: online.textFeatures(embeds.text) };
  const key = {
    image: teacher.imageFeatures(teacher.image(inputs.image)),
    text: teacher.textFeatures(teacher.text(inputs)),
  };
  const all = {
    image: withQueue(tracer, "image_queue", key.image, options),
    text: withQueue(tracer, "text_queue", key.text, options),
  };
  const imageToText = itcSimilarity(own.image, all.text, { temperature });
  const textToImage = itcSimilarity(own.text, all.image, { temperature });
  const teacherI2t = itcSimilarity(key.image, all.text, { temperature });
  const teacherT2i = itcSimilarity(key.text, all.image, { temperature });
  const [batch, columns] = imageToText.shape as readonly [number, number];
  const hard = inputs.allIds ? sharedTargets(inputs.ids!, inputs.allIds) : pairTargets(imageToText, batch, columns);
  const soft = (scores: Tensor) => (options.distillItc ? softenedTargets(scores, hard, inputs.alpha) : hard);
  const [toText, toImage] = [soft(teacherI2t), soft(teacherT2i)];
  return {
    loss: itcLoss({ similarities: imageToText, targets: toText }, { similarities: textToImage, targets: toImage }),
    similarities: { imageToText, textToImage },
    features: key,
    temperature: stored,
    seen: {
      image_feat: own.image,
      text_feat: own.text,
      image_feat_m: key.image,
      text_feat_m: key.text,
      sim_i2t: imageToText,
      sim_t2i: textToImage,
      sim_i2t_m: teacherI2t,
      sim_t2i_m: teacherT2i,
      sim_targets: hard,
      sim_i2t_targets: toText,
      sim_t2i_targets: toImage,
    },
  };
}

interface Temperature {
  readonly used: Tensor;
  readonly clamped?: Tensor;
}

/** The learned temperature; where it is clamped, gradients reach it as if it were not, as in the official code. */
function temperatureOf(source: ParameterSource, { clampTemperature }: ObjectiveOptions): Temperature {
  const stored = temperatureParameter(source);
  if (!clampTemperature) return { used: stored };
  const [least, most] = TEMPERATURE_RANGE.map((bound) => p.fill(stored, [], bound)) as [Tensor, Tensor];
  const clamped = p.neg(p.maximum(p.neg(p.maximum(stored, least)), p.neg(most)));
  return { used: p.add(stored, p.stopGradient(p.sub(clamped, stored))), clamped };
}

/** The batch's features in front of the queue's, as rows [batch + queue, embedDim]. */
function withQueue(tracer: Tracer, name: string, features: Tensor, { queueSize }: ObjectiveOptions): Tensor {
  if (queueSize === 0) return features;
  const queue = tracer.parameter(name, { dtype: "f32", shape: [features.shape[1]!, queueSize] });
  return p.concat([features, p.transpose(queue, [1, 0])], 0);
}

function match(
  { online, inputs, options }: ObjectiveParts,
  embeds: Embeds,
  similarities: Similarities | undefined,
): { readonly loss: Tensor; readonly seen: Named } {
  const batch = embeds.image.shape[0]!;
  const positives = inputs.ids ? sameIds(inputs.ids) : pairTargets(inputs.alpha, batch, batch);
  const weights = (scores: Tensor | undefined) => {
    if (!scores) return uniformNegativeWeights(positives);
    const local = p.slice(scores, [0, 0], [batch, batch]);
    return options.faithful ? officialNegativeWeights(local, positives) : hardNegativeWeights(local, positives);
  };
  const hard = options.hardNegatives ? similarities : undefined;
  const [i2t, t2i] = [weights(hard?.imageToText), weights(hard?.textToImage)];
  const draw = (table: Tensor, stream: number) =>
    sampleNegatives(table, randomUniform([batch], { seed: inputs.seed!, stream }));
  const images = inputs.negativeImages ?? draw(t2i, 1);
  const texts = inputs.negativeTexts ?? draw(i2t, 2);
  const fused = online.fuse(
    p.concat([embeds.text, embeds.text, takeItems(embeds.text, texts)], 0),
    p.concat([inputs.attentionMask, inputs.attentionMask, takeItems(inputs.attentionMask, texts)], 0),
    p.concat([embeds.image, takeItems(embeds.image, images), embeds.image], 0),
  );
  const logits = online.matchLogits(fused);
  return {
    loss: itmLoss(logits, batch),
    seen: { weights_i2t: i2t, weights_t2i: t2i, negative_images: images, negative_texts: texts, vl_output: logits },
  };
}

function sameIds(ids: Tensor): Tensor {
  const batch = ids.shape[0]!;
  const shape = [batch, batch];
  return p.equal(p.broadcastTo(p.reshape(ids, [batch, 1]), shape), p.broadcastTo(p.reshape(ids, [1, batch]), shape));
}

function maskedWords({ online, teacher, inputs, options }: ObjectiveParts, imageEmbeds: Tensor) {
  const masked = { inputIds: inputs.maskedIds!, attentionMask: inputs.attentionMask };
  const logits = online.wordLogits(masked, imageEmbeds);
  const labels = inputs.wordLabels!;
  if (!options.distillMlm) {
    return { loss: mlmLoss(logits, { labels, faithful: options.faithful }), seen: { mlm_logits: logits } };
  }
  const taught = teacher.wordLogits(masked, teacher.image(inputs.image));
  return {
    loss: mlmLoss(logits, { labels, teacher: { logits: taught, alpha: inputs.alpha }, faithful: options.faithful }),
    seen: { mlm_logits: logits, mlm_logits_m: taught },
  };
}
