import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { openQuestion } from "../ui/question-panel.ts";

/** NLVR2: whether a statement about two pictures is true. */
export const openCompare: OpenPanel = (app, root) => {
  const statement = make("input", { type: "text", value: "the left image shows a trumpet" });
  return openQuestion(app, root, {
    title: "Compare",
    lead: "Write a statement about both pictures. Is it true of the two together?",
    pictures: [
      { label: "First picture", start: "scenes/00057.webp" },
      { label: "Second picture", start: "scenes/00071.webp" },
    ],
    fields: { Statement: statement },
    examples: ["both images show a trumpet", "the right image shows a trumpet", "one of the images shows a pig"],
    ask: ([first, second]) => {
      const text = statement.value.trim();
      return text === "" ? undefined : app.albef.compare([first!, second!], text);
    },
  });
};
