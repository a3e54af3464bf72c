import type { Grounding } from "albef";
import type { Outcome, TaskCalls } from "../protocol/tasks.ts";
import type { Desk } from "./desk.ts";

const ANSWERS = 6;

export function taskCalls(desk: Desk): TaskCalls {
  let grounded: Grounding | undefined;
  const model = () => desk.current().model;
  return {
    async ground(id, text, layer) {
      const started = performance.now();
      grounded = await model().ground(await desk.imageOf(id), text, { layer });
      const { words, layers, heads, match, map } = grounded;
      const size = { width: map.width, height: map.height };
      return { words, layer: grounded.layer, layers, heads, match: match!, size, ms: performance.now() - started };
    },
    async heatMap(choice) {
      if (!grounded) throw new Error("nothing was looked at yet");
      return grounded.heatMap(choice);
    },
    answer: (id, question, candidates) =>
      timed(async () => {
        const given = candidates.length > 0 ? { candidates } : {};
        const answers = await model().answer(await desk.imageOf(id), question, { ...given, topK: ANSWERS });
        return answers.map(({ answer, probability }) => ({ label: answer, probability }));
      }),
    entails: (id, sentence) =>
      timed(async () => {
        const { entailment, neutral, contradiction } = await model().entails(await desk.imageOf(id), sentence);
        return [
          { label: "supported", probability: entailment },
          { label: "left open", probability: neutral },
          { label: "contradicted", probability: contradiction },
        ];
      }),
    async profile() {
      const { traceFile, ...measured } = await model().profile({ signal: desk.begin() });
      return { ...measured, trace: traceFile() };
    },
    compare: ([first, second], statement) =>
      timed(async () => {
        const pictures = await Promise.all([first, second].map(desk.imageOf));
        const probability = await model().compare(pictures[0]!, pictures[1]!, statement);
        return [
          { label: "true", probability },
          { label: "false", probability: 1 - probability },
        ];
      }),
  };
}

async function timed(ask: () => Promise<Outcome["shares"]>): Promise<Outcome> {
  const started = performance.now();
  const shares = [...(await ask())].sort((a, b) => b.probability - a.probability);
  return { shares, ms: performance.now() - started };
}
