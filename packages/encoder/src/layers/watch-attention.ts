import { attentionContext, attentionProbabilities } from "@albef/core";
import { type Attend, type AttendOf, attend, scaled } from "./attention.ts";

/** For Grad-CAM and for looking at attention: the listed layers also return their probabilities. */
export function watchAttention(layers: readonly number[]): AttendOf {
  return (number) => (layers.includes(number) ? attendVisibly : attend);
}

const attendVisibly: Attend = (query, key, value, options) => {
  const scored = scaled(options);
  const probabilities = attentionProbabilities(query, key, scored);
  return { context: attentionContext(probabilities, value, scored), probabilities };
};
