import { trace } from "@albef/core";
import { parseConfig, resizeBicubic } from "@albef/encoder";
import { type Check, checkNumbers } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";
import { type OpGraph, opGraphs } from "./op-graphs.ts";

type Results = Readonly<Record<string, ArrayLike<number>>>;

/** Single operations, forward and backward, and the encoders where the eps of LayerNorm shows. */
export const ops: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const results: Record<string, ArrayLike<number>> = { ...bicubic(recorded) };
    for (const graph of opGraphs(recorded)) Object.assign(results, await runOp(recorded, runner, graph));
    Object.assign(results, await smallInputs(recorded, runner));
    return [...recorded.expected].flatMap(([key, expected]) => {
      const name = key.slice("out.".length);
      const actual = results[name] ?? selectRows(name, results, recorded);
      return actual ? [checkNumbers(name, actual, recorded.tensor(key).data, expected)] : [];
    }) satisfies Check[];
  },
};

async function runOp(recorded: RecordedCase, runner: Runner, { graph, inputs }: OpGraph): Promise<Results> {
  const data = inputs.map(({ name, dtype }) => {
    const stored = recorded.tensor(`in.${name}`);
    return [name, dtype === "i32" ? Int32Array.from(stored.data) : asFloat(stored)] as const;
  });
  return runOnce(runner, graph, Object.fromEntries(data));
}

/** `x.row3` or `x.rows0to2` of a result `x`: the recording splits rows by their tolerance. */
function selectRows(name: string, results: Results, recorded: RecordedCase): ArrayLike<number> | null {
  const found = /^(.+)\.rows?(\d+)(?:to(\d+))?$/.exec(name);
  const whole = found && results[found[1]!];
  if (!found || !whole) return null;
  const [begin, end] = [Number(found[2]), Number(found[3] ?? found[2])];
  const size = recorded.tensor(`out.${name}`).data.length / (end - begin + 1);
  return Array.from(whole).slice(begin * size, (end + 1) * size);
}

/** `bicubic.HxW`: each channel of the given picture resized. */
function bicubic(recorded: RecordedCase): Results {
  const given = recorded.tensor("in.bicubic.x");
  const [, channels, height, width] = given.shape as readonly [number, number, number, number];
  const sizes = [...recorded.expected.keys()].flatMap((key) => [/^out\.(bicubic\.(\d+)x(\d+))$/.exec(key) ?? []]);
  const resize = (rows: number, columns: number) =>
    Array.from({ length: channels }, (_, c) => {
      const data = asFloat(given).subarray(c * height * width, (c + 1) * height * width);
      return [...resizeBicubic({ height, width, channels: 1, data }, rows, columns)];
    }).flat();
  return Object.fromEntries(
    sizes.filter(([name]) => name).map(([, name, rows, columns]) => [name!, resize(Number(rows), Number(columns))]),
  );
}

const IMAGE_KEYS = ["cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"];
const TEXT_KEYS = ["word_embeddings", "position_embeddings", "token_type_embeddings"];
const IMAGE_SCALE = 0.003;
const TEXT_SCALE = 1e-5;

/** Both encoders on inputs so small that eps decides (notes of the case: float32 products). */
async function smallInputs(recorded: RecordedCase, runner: Runner): Promise<Results> {
  const config = parseConfig(recorded.json.config);
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, "text_encoder.bert");
    const { imageEmbeds } = model.vision(imageInput(tracer, recorded.tensor("in.eps.image").shape));
    const { textEmbeds } = model.text(tokenInputs(tracer, recorded.tensor("in.eps.input_ids").shape));
    return { "eps.image_embeds": imageEmbeds, "eps.text_embeds": textEmbeds };
  });
  const inputs = {
    image: asFloat(recorded.tensor("in.eps.image")),
    ...tokenData(recorded.tensor("in.eps.input_ids"), recorded.tensor("in.eps.attention_mask")),
  };
  const weights = weightsFrom(await recorded.weights());
  return runOnce(runner, graph, inputs, (name, spec) => {
    const factor = scaleOf(name);
    const data = weights(name, spec);
    return factor === 1 ? data : Float32Array.from(data, (value) => Math.fround(value * Math.fround(factor)));
  });
}

function scaleOf(name: string): number {
  if (IMAGE_KEYS.some((key) => name === `visual_encoder.${key}`)) return IMAGE_SCALE;
  return TEXT_KEYS.some((key) => name.endsWith(`embeddings.${key}.weight`)) ? TEXT_SCALE : 1;
}
