import { type Graph, type NamedTensor, type TensorSpec, type Tracer, trace } from "@albef/core";
import { decoderConfig, type KeysAndValues, type TextConfig } from "@albef/encoder";
import { answerDecoderParameters, nextWord, questionCache } from "@albef/heads";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";
import { questionMask, questionStates } from "./answer-graphs.ts";

export interface WriterShape {
  readonly beams: number;
  /** Places of an answer, [CLS] included. */
  readonly length: number;
  readonly questionLength: number;
}

/** `own` are keys and values of the answers' words, `question` those of the question. */
type CacheKind = "own" | "question";

const cacheNames = (kind: CacheKind, layer: number) =>
  ({ keys: `cache.${kind}.${layer}.keys`, values: `cache.${kind}.${layer}.values` }) as const;

function cacheSpecs(kind: CacheKind, text: TextConfig, shape: WriterShape): Map<string, TensorSpec> {
  const { numLayers, hiddenSize } = decoderConfig(text);
  const rows = kind === "own" ? [shape.beams, shape.length] : [1, shape.questionLength];
  const spec = { dtype: "f32", shape: [...rows, hiddenSize] } as const;
  const names = Array.from({ length: numLayers }, (_, layer) => Object.values(cacheNames(kind, layer))).flat();
  return new Map(names.map((name) => [name, spec]));
}

/** The caches, empty. */
export function cacheTensors(text: TextConfig, shape: WriterShape): NamedTensor[] {
  const specs = [...cacheSpecs("own", text, shape), ...cacheSpecs("question", text, shape)];
  return specs.map(([name, spec]) => ({
    ...{ name, ...spec },
    data: new Float32Array(spec.shape.reduce((size, extent) => size * extent, 1)),
  }));
}

/** Which output is written over which cache. */
export function intoCaches(kind: CacheKind, text: TextConfig, shape: WriterShape): Record<string, string> {
  return Object.fromEntries([...cacheSpecs(kind, text, shape).keys()].map((name) => [`new ${name}`, name]));
}

function cachesIn(tracer: Tracer, kind: CacheKind, text: TextConfig, shape: WriterShape): KeysAndValues[] {
  const specs = cacheSpecs(kind, text, shape);
  const parameter = (name: string) => tracer.parameter(name, specs.get(name)!);
  return Array.from({ length: decoderConfig(text).numLayers }, (_, layer) => {
    const { keys, values } = cacheNames(kind, layer);
    return { keys: parameter(keys), values: parameter(values) };
  });
}

function cacheOutputs(kind: CacheKind, caches: readonly KeysAndValues[]) {
  return Object.fromEntries(
    caches.flatMap(({ keys, values }, layer) => {
      const names = cacheNames(kind, layer);
      return [[`new ${names.keys}`, keys] as const, [`new ${names.values}`, values] as const];
    }),
  );
}

/** The question's states -> its caches. */
export function questionCacheGraph(plan: ModelPlan, { questionLength }: WriterShape): Graph {
  const { text } = plan.config;
  return trace((tracer) => {
    const states = questionStates(tracer, questionLength, text.hiddenSize);
    return cacheOutputs("question", questionCache(states, answerDecoderParameters(sourceIn(plan, tracer), text)));
  });
}

/** One more word for every beam: the k likeliest, and the caches with the newest word in them. */
export function nextWordGraph(plan: ModelPlan, shape: WriterShape): Graph {
  const { text } = plan.config;
  const { beams, length, questionLength } = shape;
  return trace((tracer) => {
    const inputs = {
      answerIds: tracer.input("answerIds", { dtype: "i32", shape: [beams, length] }),
      newest: tracer.input("newest", { dtype: "i32", shape: [beams] }),
      place: tracer.input("place", { dtype: "f32", shape: [1, length, 1] }),
      mask: tracer.input("mask", { dtype: "f32", shape: [1, length] }),
      origins: tracer.input("origins", { dtype: "i32", shape: [beams] }),
      questionMask: questionMask(tracer, questionLength),
      cache: cachesIn(tracer, "own", text, shape),
      question: cachesIn(tracer, "question", text, shape),
    };
    const parameters = answerDecoderParameters(sourceIn(plan, tracer), text);
    const k = Math.min(beams === 1 ? 1 : 2 * beams, text.vocabSize);
    const { logProbabilities, words, cache } = nextWord(inputs, parameters, { text, k });
    return { logProbabilities, words, ...cacheOutputs("own", cache) };
  });
}

/** Inputs of `nextWordGraph` but for the question's: beams that there are not yet repeat the first one. */
export function nextWordData(
  prefixes: readonly (readonly number[])[],
  origins: readonly number[],
  { beams, length, cls }: WriterShape & { readonly cls: number },
) {
  const at = prefixes[0]!.length;
  const ofBeam = <T>(list: readonly T[], beam: number) => list[beam] ?? list[0]!;
  const answerIds = new Int32Array(beams * length);
  for (let beam = 0; beam < beams; beam++) answerIds.set([cls, ...ofBeam(prefixes, beam)], beam * length);
  return {
    answerIds,
    newest: Int32Array.from({ length: beams }, (_, beam) => beam * length + at),
    place: Float32Array.from({ length }, (_, i) => Number(i === at)),
    mask: Float32Array.from({ length }, (_, i) => Number(i <= at)),
    origins: Int32Array.from({ length: beams }, (_, beam) => ofBeam(origins, beam)),
  };
}
