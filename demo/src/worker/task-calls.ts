import type { Grounding } from "albef";
import type { Outcome, TaskCalls } from "../protocol/tasks.ts";
import type { Desk } from "./desk.ts";
import { taskModels } from "./task-models.ts";

const ANSWERS = 6;

export function taskCalls(desk: Desk): TaskCalls {
  let grounded: Grounding | undefined;
  const model = () => desk.current().model;
  const asked = taskModels(desk);
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
        const image = await desk.imageOf(id);
        const given = candidates.length > 0 ? { candidates } : {};
        const options = { ...given, topK: ANSWERS };
        const { result, ...by } = await asked("answer", (one) => one.answer(image, question, options));
        return { ...by, shares: result.map(({ answer, probability }) => ({ label: answer, probability })) };
      }),
    entails: (id, sentence) =>
      timed(async () => {
        const image = await desk.imageOf(id);
        const { result, ...by } = await asked("entails", (one) => one.entails(image, sentence));
        const shares = [
          { label: "supported", probability: result.entailment },
          { label: "left open", probability: result.neutral },
          { label: "contradicted", probability: result.contradiction },
        ];
        return { ...by, shares };
      }),
    async profile() {
      const { traceFile, ...measured } = await model().profile({ signal: desk.begin() });
      return { ...measured, trace: traceFile() };
    },
    compare: ([first, second], statement) =>
      timed(async () => {
        const [left, right] = await Promise.all([desk.imageOf(first), desk.imageOf(second)]);
        const { result, ...by } = await asked("compare", (one) => one.compare(left, right, statement));
        const shares = [
          { label: "true", probability: result },
          { label: "false", probability: 1 - result },
        ];
        return { ...by, shares };
      }),
  };
}

async function timed(ask: () => Promise<Omit<Outcome, "ms">>): Promise<Outcome> {
  const started = performance.now();
  const { shares, by } = await ask();
  return { shares: shares.toSorted((a, b) => b.probability - a.probability), by, ms: performance.now() - started };
}
