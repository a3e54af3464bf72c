import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

/** NLVR2: whether a statement about two pictures is true. */
export const openCompare: OpenPanel = (app, root) => {
  const statement = make("input", { type: "text", value: "both pictures show an animal" });
  return openQuestion(app, root, {
    title: "Compare",
    lead: "Write a statement about both pictures. Is it true of the two together?",
    pictures: [
      { label: "First picture", start: "gallery/lion-noto.webp" },
      { label: "Second picture", start: "gallery/panda-twemoji.webp" },
    ],
    fields: { Statement: statement },
    examples: ["one of the pictures shows a car", "there are two animals in all"],
    ask: ([first, second]) => {
      const text = statement.value.trim();
      return text === "" ? undefined : app.albef.compare([first!, second!], text);
    },
  });
};
