import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

const COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray"];
const SUGGESTED = [...COLOURS, "yes", "no", "1", "2", "3", "4"];

/** Visual question answering: suggested answers with their probabilities, or an answer in the model's own words. */
export const openAsk: OpenPanel = (app, root) => {
  const question = make("input", { type: "text", value: "what color is the pig?" });
  const suggested = make("textarea", { rows: 3, value: SUGGESTED.join(", ") });
  return openQuestion(app, root, {
    title: "Ask",
    lead: "Ask about a picture. The model weighs the answers that you suggest, or writes its own where there are none.",
    pictures: [{ label: "Picture", start: "scenes/00071.webp" }],
    fields: { Question: question, "Suggested answers, with commas between": suggested },
    examples: ["is there a tractor in the picture?", "how many pigs are there?", "what is in the picture?"],
    ask: ([id]) => {
      const text = question.value.trim();
      const candidates = suggested.value
        .split(/[,\n]/)
        .map((answer) => answer.trim())
        .filter((answer) => answer !== "");
      return text === "" ? undefined : app.albef.answer(id!, text, [...new Set(candidates)]);
    },
  });
};
