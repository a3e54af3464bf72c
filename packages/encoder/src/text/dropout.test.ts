import { trace } from "@albef/core";
import { expect, test } from "vitest";
import { ALBEF_BASE } from "../config.ts";
import { fusionEncoder, fusionParameters } from "../fusion-encoder.ts";
import { parameterSource } from "../layers/parameters.ts";
import { textDropout } from "./dropout.ts";
import { textEncoder, textParameters } from "./text-encoder.ts";

const config = { ...ALBEF_BASE.text, vocabSize: 8 };

/** The ops of both encoders, counted. */
function opsOf(rates: { readonly hiddenDropout: number; readonly attentionDropout: number }) {
  const graph = trace((tracer) => {
    const source = parameterSource(tracer);
    const attentionMask = tracer.input("mask", { dtype: "f32", shape: [2, 4] });
    const inputIds = tracer.input("ids", { dtype: "i32", shape: [2, 4] });
    const run = textDropout(
      { ...config, ...rates },
      { seed: tracer.input("seed", { dtype: "u32", shape: [] }), firstStream: 16 },
    );
    const { textEmbeds } = textEncoder({ inputIds, attentionMask }, textParameters(source, config), config, run);
    const imageEmbeds = tracer.input("image", { dtype: "f32", shape: [2, 5, config.encoderWidth] });
    const inputs = { textEmbeds, attentionMask, imageEmbeds };
    return { fused: fusionEncoder(inputs, fusionParameters(source, config), config, run).fusionEmbeds };
  });
  const count = (op: string) => graph.nodes.filter((node) => node.op === op).length;
  const seeds = new Set(
    graph.nodes.filter(({ op }) => op.toLowerCase().includes("dropout")).map(({ inputs }) => inputs.seed),
  );
  return {
    dropout: count("dropout"),
    attentionDropout: count("attentionDropout"),
    attention: count("attention"),
    seeds: seeds.size,
  };
}

test("official places: embeddings, two or three dense outputs a layer, every attention; each with bits of its own", () => {
  const dense = 6 * 2 + 6 * 3;
  const attentions = 6 + 2 * 6;
  expect(opsOf({ hiddenDropout: 0.1, attentionDropout: 0.1 })).toEqual({
    ...{ dropout: 1 + dense, attentionDropout: attentions, attention: 0, seeds: 1 + dense + attentions },
  });
});

test("rate 0 leaves the graph of inference", () => {
  expect(opsOf({ hiddenDropout: 0, attentionDropout: 0 })).toEqual({
    ...{ dropout: 0, attentionDropout: 0, attention: 18, seeds: 0 },
  });
});
