import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

/** Visual entailment: whether a picture supports a sentence, contradicts it or leaves it open. */
export const openEntails: OpenPanel = (app, root) => {
  const sentence = make("input", { type: "text", value: "a yellow boat is on the water" });
  return openQuestion(app, root, {
    title: "Entails",
    lead: "Write a sentence. Does the picture support it, contradict it, or leave it open?",
    pictures: [{ label: "Picture", start: "gallery/sailboat-fluent-3d.webp" }],
    fields: { Sentence: sentence },
    examples: ["there is a boat", "there is a car", "somebody is on holiday"],
    ask: ([id]) => {
      const text = sentence.value.trim();
      return text === "" ? undefined : app.albef.entails(id!, text);
    },
  });
};
