import "../../style/inspector.css";
import type { StepInspection } from "albef";
import type { App } from "../../app.ts";
import { make } from "../../dom.ts";
import type { CaptionedPhoto, ExpectedWords, LessonStep } from "../../protocol/lesson.ts";
import { bars, percent } from "../bars.ts";
import { photo } from "../photo.ts";

const SHOWN = 4;

/** What a step contrasted: mined hard negatives as pairs, and the matches as the teacher softened them. */
export function createInspector(app: App, captionOf: (id: string) => string) {
  const negatives = make("div", { className: "negatives" });
  const matches = make("div", { className: "matches" });
  const words = make("div", { className: "hidden-words" });
  const element = make("details", { className: "inspector" }, [
    make("summary", { textContent: "Look inside: hard negatives and what the teacher says" }),
    make("h3", { textContent: "Mined hard negatives" }),
    make("p", {
      className: "small",
      textContent:
        "Partners that look right to the model and are wrong: the matching head (ITM) learns most from these.",
    }),
    negatives,
    make("h3", { textContent: "Softened matches of this batch" }),
    make("p", {
      className: "small",
      textContent:
        "Each row is a photo, each column a caption. The labels lie on the diagonal; the momentum teacher moves a share of them (alpha) to captions that also fit.",
    }),
    matches,
    words,
  ]);
  let latest: LessonStep | undefined;
  let expected: readonly ExpectedWords[] = [];
  const draw = () => {
    if (!latest || !element.open) return;
    const { inspection } = latest;
    negatives.replaceChildren(...inspection.ids.slice(0, SHOWN).flatMap((_, place) => mined(inspection, place)));
    matches.replaceChildren(matrix(inspection));
    words.replaceChildren(...wordRows(expected));
  };
  element.addEventListener("toggle", draw);

  const mined = ({ ids, negativeImages, negativeTexts }: StepInspection, place: number): HTMLElement[] => {
    const [own, image, text] = [ids[place]!, ids[negativeImages[place]!]!, ids[negativeTexts[place]!]!];
    const pair = (id: string, caption: string, kind: string) =>
      make("figure", { className: kind }, [
        photo(app.library, id),
        make("figcaption", { textContent: `“${caption}”` }),
      ]);
    return [
      make("div", { className: "mined" }, [
        pair(own, captionOf(own), "positive"),
        pair(image, captionOf(own), "negative"),
        pair(own, captionOf(text), "negative"),
      ]),
    ];
  };

  const matrix = ({ ids, imageToText }: StepInspection): HTMLElement => {
    const grid = make("div", { className: "matrix" });
    grid.style.setProperty("--columns", String(ids.length));
    for (const [row, id] of ids.entries()) {
      grid.append(photo(app.library, id));
      for (const [column, other] of ids.entries()) {
        const share = imageToText[row * ids.length + column]!;
        const cell = make("i", { title: `${percent(share)} “${captionOf(other)}”` });
        cell.style.setProperty("--share", String(Math.sqrt(share)));
        grid.append(cell);
      }
    }
    return grid;
  };
  const wordRows = (rows: readonly ExpectedWords[]): HTMLElement[] => {
    if (rows.length === 0) return [];
    const title = make("h3", { textContent: "The teacher's words for a hidden one" });
    return [title, ...rows.map(wordRow)];
  };
  const wordRow = ({ id, hidden, words: guesses }: ExpectedWords): HTMLElement => {
    const mask = make("b", { textContent: "____", title: hidden });
    const line = make("span", { className: "masked" }, [`“${withoutLast(captionOf(id), hidden)}`, mask, "”"]);
    return make("div", { className: "expected" }, [
      photo(app.library, id),
      make("div", {}, [line, bars(guesses.map(({ word, probability }) => ({ label: word, probability })))]),
    ]);
  };
  return {
    element,
    show(step: LessonStep) {
      latest = step;
      expected = step.words ?? expected;
      draw();
    },
  };
}

/** A caption without its last token, which may be a piece of a word (`##ma`) or one that the vocabulary lacks. */
function withoutLast(caption: string, token: string): string {
  const text = caption.toLowerCase();
  const piece = token.replace(/^##/, "");
  return text.endsWith(piece) ? text.slice(0, -piece.length) : text.replace(/\S+$/, "");
}

/** Captions by id, for pairs of a lesson. */
export function captionsById(photos: readonly CaptionedPhoto[]): (id: string) => string {
  const captions = new Map(photos.map(({ id, caption }) => [id, caption]));
  return (id) => captions.get(id) ?? "";
}
