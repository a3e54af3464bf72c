import { type Graph, primitives as p, type Tensor, type Tracer, trace } from "@albef/core";
import { fusionEncoder, fusionParameters, imageTokenCount, textEncoder, textParameters } from "@albef/encoder";
import { answerDecoderParameters, candidateLosses, firstWordLogProbabilities } from "@albef/heads";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";

/** A question [1, length] and image states [1, tokens, width] -> its states and the log-probabilities of a first word. */
export function questionGraph(plan: ModelPlan, length: number): Graph {
  const { config, textPrefix } = plan;
  const { text, vision, tokens } = config;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const bert = source.scope(textPrefix);
    const inputIds = tracer.input("inputIds", { dtype: "i32", shape: [1, length] });
    const attentionMask = tracer.input("attentionMask", { dtype: "f32", shape: [1, length] });
    const states = [1, imageTokenCount(vision), vision.hiddenSize];
    const imageEmbeds = tracer.input("image", { dtype: "f32", shape: states });
    const { textEmbeds } = textEncoder({ inputIds, attentionMask }, textParameters(bert, text), text);
    const inputs = { textEmbeds, attentionMask, imageEmbeds };
    const { fusionEmbeds } = fusionEncoder(inputs, fusionParameters(bert, text), text);
    const first = {
      answerIds: p.fill(inputIds, [1, 1], tokens.cls, "i32"),
      answerMask: p.fill(attentionMask, [1, 1], 1),
      ...{ questionStates: fusionEmbeds, questionMask: attentionMask },
    };
    const decoder = answerDecoderParameters(source, text);
    return { states: fusionEmbeds, logProbabilities: firstWordLogProbabilities(first, decoder, text) };
  });
}

export interface CandidateShape {
  readonly answers: number;
  readonly answerLength: number;
  readonly questionLength: number;
}

/** Answers [answers, answerLength] to one question -> -log likelihood [answers]. */
export function candidateGraph(plan: ModelPlan, shape: CandidateShape): Graph {
  const { answers, answerLength, questionLength } = shape;
  const { text } = plan.config;
  return trace((tracer) => {
    const each = (x: Tensor) => p.broadcastTo(x, [answers, ...x.shape.slice(1)]);
    const inputs = {
      answerIds: tracer.input("answerIds", { dtype: "i32", shape: [answers, answerLength] }),
      answerMask: tracer.input("answerMask", { dtype: "f32", shape: [answers, answerLength] }),
      questionStates: each(questionStates(tracer, questionLength, text.hiddenSize)),
      questionMask: each(questionMask(tracer, questionLength)),
    };
    const decoder = answerDecoderParameters(sourceIn(plan, tracer), text);
    return { losses: candidateLosses(inputs, decoder, text) };
  });
}

/** Input `questionStates` [1, length, width], as `questionGraph` gives it. */
export function questionStates(tracer: Tracer, length: number, width: number): Tensor {
  return tracer.input("questionStates", { dtype: "f32", shape: [1, length, width] });
}

/** Input `questionMask` [1, length], 1 = keep. */
export function questionMask(tracer: Tracer, length: number): Tensor {
  return tracer.input("questionMask", { dtype: "f32", shape: [1, length] });
}
