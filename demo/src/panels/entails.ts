import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

/** Visual entailment: whether a picture supports a sentence, contradicts it or leaves it open. */
export const openEntails: OpenPanel = (app, root) => {
  const sentence = make("input", { type: "text", value: "the picture shows a boat" });
  return openQuestion(app, root, {
    title: "Entails",
    lead: "Write a sentence. Does the picture support it, contradict it, or leave it open?",
    pictures: [{ label: "Picture", start: "scenes/00052.webp" }],
    fields: { Sentence: sentence },
    examples: ["the picture shows three pizzas", "there is no pizza", "there is no dog", "the pizza was bought today"],
    ask: ([id]) => {
      const text = sentence.value.trim();
      return text === "" ? undefined : app.albef.entails(id!, text);
    },
  });
};
