import { broadcastTo, evaluateF64, type Graph, graphCosts, trace } from "@albef/core";
import { expect, test } from "vitest";
import { ALBEF_BASE } from "./config.ts";
import { fusionEncoder, fusionParameters } from "./fusion-encoder.ts";
import { parameterSource } from "./layers/parameters.ts";

const WIDTH = 12;
const TEXTS = 3;
const LENGTH = 4;
const TOKENS = 7;
const config = {
  ...ALBEF_BASE.text,
  ...{ hiddenSize: WIDTH, encoderWidth: WIDTH, numHeads: 2, intermediateSize: 24, numLayers: 2, fusionLayer: 0 },
};

/** One image for several texts, its states given once or repeated for each of them. */
function graphOf(repeats: boolean): Graph {
  return trace((tracer) => {
    const input = (name: string, shape: number[]) => tracer.input(name, { dtype: "f32", shape });
    const image = input("image", [1, TOKENS, WIDTH]);
    const inputs = {
      textEmbeds: input("text", [TEXTS, LENGTH, WIDTH]),
      attentionMask: input("mask", [TEXTS, LENGTH]),
      imageEmbeds: repeats ? broadcastTo(image, [TEXTS, TOKENS, WIDTH]) : image,
    };
    return { states: fusionEncoder(inputs, fusionParameters(parameterSource(tracer), config), config).fusionEmbeds };
  });
}

function wave({ values }: Graph, table: Readonly<Record<string, number>>) {
  return Object.fromEntries(
    Object.entries(table).map(([name, id], seed) => {
      const elements = values[id]!.shape.reduce((product, extent) => product * extent, 1);
      return [name, Float32Array.from({ length: elements }, (_, i) => Math.sin(1.7 * i + seed))];
    }),
  );
}

test("one image for several texts: the same states as with the image repeated, its keys and values computed once", async () => {
  const [once, repeated] = [graphOf(false), graphOf(true)];
  const mask = Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0);
  const run = (graph: Graph) =>
    evaluateF64(graph, { inputs: { ...wave(graph, graph.inputs), mask }, parameters: wave(graph, graph.parameters) });
  const [got, want] = [run(once).states!.data, run(repeated).states!.data];
  expect(Math.max(...got.map((value, i) => Math.abs(value - want[i]!)))).toBeLessThan(1e-12);
  const flopsOf = async (graph: Graph) => (await graphCosts(graph)).reduce((sum, { flops }) => sum + flops, 0);
  const projections = 2 * config.numLayers * 2 * TOKENS * WIDTH * WIDTH;
  expect((await flopsOf(repeated)) - (await flopsOf(once))).toBeGreaterThanOrEqual((TEXTS - 1) * projections);
});
