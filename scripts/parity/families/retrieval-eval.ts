import { type Graph, trace } from "@albef/core";
import { type AlbefConfig, parseConfig } from "@albef/encoder";
import {
  ITM_MATCH,
  itcFeatures,
  itcSimilarity,
  itmLogits,
  itmParameters,
  type RetrievalMetrics,
  rerank,
  retrievalMetrics,
  type ScoreMatrix,
  scoreMatrix,
  textProjectionParameters,
  transposeScores,
  visionProjectionParameters,
} from "@albef/heads";
import { type Check, checkEqual, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";

const PREFIX = "text_encoder"; // fine-tuned models have no `bert.`

/** The evaluation of retrieval: features, the choice of candidates, ITM scores, recalls. */
export const retrievalEval: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const encoded = await encode(recorded, runner, config);
    const [images, texts] = [recorded.tensor("in.image").shape[0]!, recorded.tensor("in.input_ids").shape[0]!];
    const similarities = scoreMatrix(images, texts, Float32Array.from(encoded.sims_i2t!));
    const kTest = recorded.field<number>("k_test");
    using scorer = await pairScorer(recorded, runner, { config, encoded, batch: kTest });
    const { score } = scorer;
    const imageToText = await rerank(similarities, {
      kTest,
      score: (image, candidates) => score(candidates.map((text) => ({ image, text }))),
    });
    const textToImage = await rerank(transposeScores(similarities), {
      kTest,
      score: (text, candidates) => score(candidates.map((image) => ({ image, text }))),
    });
    return [
      ...checkOutputs(recorded, {
        image_feat: encoded.image_feat!,
        text_feat: encoded.text_feat!,
        sims_i2t: encoded.sims_i2t!,
        score_i2t: imageToText.data,
        score_t2i: textToImage.data,
      }),
      ...metricChecks(recorded, imageToText, textToImage),
    ];
  },
};

type Encoded = Readonly<Record<string, ArrayLike<number>>>;

async function encode(recorded: RecordedCase, runner: Runner, config: AlbefConfig): Promise<Encoded> {
  const [image, ids] = [recorded.tensor("in.image"), recorded.tensor("in.input_ids")];
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, PREFIX);
    const { imageEmbeds } = model.vision(imageInput(tracer, image.shape));
    const { textEmbeds } = model.text(tokenInputs(tracer, ids.shape));
    const imageFeatures = itcFeatures(imageEmbeds, visionProjectionParameters(model.source, config));
    const textFeatures = itcFeatures(textEmbeds, textProjectionParameters(model.source, config));
    return {
      imageEmbeds,
      textEmbeds,
      image_feat: imageFeatures,
      text_feat: textFeatures,
      sims_i2t: itcSimilarity(imageFeatures, textFeatures),
    };
  });
  const inputs = { image: asFloat(image), ...tokenData(ids, recorded.tensor("in.attention_mask")) };
  return runOnce(runner, graph, inputs, weightsFrom(await recorded.weights()));
}

interface Pair {
  readonly image: number;
  readonly text: number;
}

/** ITM logits of class 1 for at most `batch` pairs of encoded images and texts. */
async function pairScorer(
  recorded: RecordedCase,
  runner: Runner,
  { config, encoded, batch }: { readonly config: AlbefConfig; readonly encoded: Encoded; readonly batch: number },
) {
  const [, length] = recorded.tensor("in.input_ids").shape as readonly [number, number];
  const { hiddenSize } = config.vision;
  const tokens = encoded.imageEmbeds!.length / recorded.tensor("in.image").shape[0]! / hiddenSize;
  const graph = matchingGraph(config, { pairs: batch, length, tokens });
  const compiled = await runner.compile(graph, weightsFrom(await recorded.weights()));
  const mask = asFloat(recorded.tensor("in.attention_mask"));
  return {
    async score(pairs: readonly Pair[]) {
      // The last pair fills the batch where there are fewer.
      const filled = Array.from({ length: batch }, (_, i) => pairs[Math.min(i, pairs.length - 1)]!);
      const [images, texts] = [filled.map(({ image }) => image), filled.map(({ text }) => text)];
      const { logits } = await compiled.run({
        imageEmbeds: rows(encoded.imageEmbeds!, tokens * hiddenSize, images),
        textEmbeds: rows(encoded.textEmbeds!, length * config.text.hiddenSize, texts),
        attentionMask: rows(mask, length, texts),
      });
      return pairs.map((_, i) => logits![2 * i + ITM_MATCH]!);
    },
    [Symbol.dispose]: () => compiled[Symbol.dispose](),
  };
}

interface PairShapes {
  readonly pairs: number;
  readonly length: number;
  readonly tokens: number;
}

function matchingGraph(config: AlbefConfig, { pairs, length, tokens }: PairShapes): Graph {
  return trace((tracer) => {
    const model = modelGraph(tracer, config, PREFIX);
    const float = (name: string, ...shape: number[]) => tracer.input(name, { dtype: "f32", shape });
    const textEmbeds = float("textEmbeds", pairs, length, config.text.hiddenSize);
    const imageEmbeds = float("imageEmbeds", pairs, tokens, config.vision.hiddenSize);
    const { fusionEmbeds } = model.fusion(textEmbeds, float("attentionMask", pairs, length), imageEmbeds);
    return { logits: itmLogits(fusionEmbeds, itmParameters(model.source, config.text)) };
  });
}

function rows(values: ArrayLike<number>, size: number, indices: readonly number[]): Float32Array {
  const result = new Float32Array(indices.length * size);
  for (const [i, index] of indices.entries()) {
    for (let k = 0; k < size; k++) result[i * size + k] = values[index * size + k]!;
  }
  return result;
}

/** Ranks are compared as recalls, of the scores found here and of recorded random ones. */
function metricChecks(recorded: RecordedCase, imageToText: ScoreMatrix, textToImage: ScoreMatrix): Check[] {
  const img2txt = recorded.field<number[][]>("img2txt");
  const txt2img = recorded.field<number[]>("txt2img");
  const metrics = (i2t: ScoreMatrix, t2i: ScoreMatrix) =>
    officialNames(retrievalMetrics({ imageToText: i2t, textToImage: t2i }, img2txt, txt2img));
  const given = (name: string) => {
    const { shape, data } = recorded.tensor(name);
    return scoreMatrix(shape[0]!, shape[1]!, Float32Array.from(data));
  };
  return [
    checkEqual("itm_eval", metrics(imageToText, textToImage), recorded.field("itm_eval")),
    checkEqual(
      "itm_eval_metric_only",
      metrics(given("in.metric_only_i2t"), given("in.metric_only_t2i")),
      recorded.field("itm_eval_metric_only"),
    ),
  ];
}

/** As the official log names them. */
function officialNames({ textRecall, imageRecall, mean }: RetrievalMetrics): Record<string, number> {
  return {
    txt_r1: textRecall.r1,
    txt_r5: textRecall.r5,
    txt_r10: textRecall.r10,
    txt_r_mean: textRecall.mean,
    img_r1: imageRecall.r1,
    img_r5: imageRecall.r5,
    img_r10: imageRecall.r10,
    img_r_mean: imageRecall.mean,
    r_mean: mean,
  };
}
