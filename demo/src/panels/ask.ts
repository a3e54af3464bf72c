import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

const SUGGESTED = ["red", "yellow", "green", "blue", "brown", "black", "white", "yes", "no", "1", "2", "3", "4"];

/** Visual question answering: suggested answers with their probabilities, or an answer in the model's own words. */
export const openAsk: OpenPanel = (app, root) => {
  const question = make("input", { type: "text", value: "what colour is the car?" });
  const suggested = make("textarea", { rows: 3, value: SUGGESTED.join(", ") });
  return openQuestion(app, root, {
    title: "Ask",
    lead: "Ask about a picture. The model weighs the answers that you suggest, or writes its own where there are none.",
    pictures: [{ label: "Picture", start: "gallery/automobile-streamline.webp" }],
    fields: { Question: question, "Suggested answers, with commas between": suggested },
    examples: ["what is this?", "is it an animal?", "how many are there?"],
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
