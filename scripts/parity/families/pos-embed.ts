import { trace } from "@albef/core";
import { type AlbefConfig, interpolatePositions, parseConfig, withImageSize } from "@albef/encoder";
import { type Check, checkNumbers } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, type TensorTable } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph } from "./model.ts";

const POSITIONS = "visual_encoder.pos_embed";

/** Interpolated position embeddings, and the image encoder at the sizes they are for. */
export const posEmbed: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const checks: Check[] = [];
    for (const [key, expected] of recorded.expected) {
      const name = key.slice("out.".length);
      const actual = await quantity(name, { recorded, runner, config });
      if (actual) checks.push(checkNumbers(name, actual, recorded.tensor(key).data, expected));
    }
    return checks;
  },
};

interface Context {
  readonly recorded: RecordedCase;
  readonly runner: Runner;
  readonly config: AlbefConfig;
}

async function quantity(name: string, context: Context): Promise<ArrayLike<number> | null> {
  const { recorded, config } = context;
  const grids = /^pos_embed_(\d+)to(\d+)$/.exec(name);
  if (grids) {
    const given = recorded.tensor(`in.pos_embed_${grids[1]}`);
    return interpolatePositions(asFloat(given), { width: given.shape[2]!, patchesPerSide: Number(grids[2]) });
  }
  const sized = /^(pos_embed|image_embeds)_(.+)$/.exec(name);
  if (!sized) return null;
  const imageSize = recorded.tensor(`in.image_${sized[2]}`).shape[3]!;
  const weights = new Map(await recorded.weights());
  const target = { width: config.vision.hiddenSize, patchesPerSide: imageSize / config.vision.patchSize };
  const position = interpolatePositions(asFloat(weights.get(POSITIONS)!), target);
  if (sized[1] === "pos_embed") return position;
  weights.set(POSITIONS, { shape: [1, target.patchesPerSide ** 2 + 1, target.width], data: position });
  return imageEmbeds(`in.image_${sized[2]}`, { ...context, config: withImageSize(config, imageSize) }, weights);
}

async function imageEmbeds(image: string, { recorded, runner, config }: Context, weights: TensorTable) {
  const given = recorded.tensor(image);
  const graph = trace((tracer) => ({
    embeds: modelGraph(tracer, config, "text_encoder.bert").vision(imageInput(tracer, given.shape)).imageEmbeds,
  }));
  const { embeds } = await runOnce(runner, graph, { image: asFloat(given) }, weightsFrom(weights));
  return embeds!;
}
