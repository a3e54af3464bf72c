import type { App } from "../../app.ts";
import { make } from "../../dom.ts";
import type { HeldOutQuery, LessonReport, Ranking } from "../../protocol/lesson.ts";
import { isOwn } from "../../protocol/search.ts";
import { photo } from "../photo.ts";

/** What a lesson changed: the same captions searched with the model as it came and with what it has learnt, side by side. */
export function createComparison(app: App) {
  const element = make("section", { className: "comparison", hidden: true });

  const column = (title: string, { ids, rank }: Ranking, { wanted }: HeldOutQuery): HTMLElement => {
    const pictures = ids.map((id) => {
      const frame = make("div", { className: wanted.includes(id) ? "place right" : "place" });
      frame.append(app.library.ids.includes(id) || !isOwn(id) ? photo(app.library, id) : "removed");
      return frame;
    });
    const heading = make("h4", {}, [title, make("span", { className: "rank", textContent: ` found at #${rank}` })]);
    return make("div", { className: "ranking" }, [heading, make("div", { className: "places" }, pictures)]);
  };
  return {
    element,
    show(report: LessonReport | undefined) {
      element.hidden = report === undefined;
      if (!report) return;
      const { queries, isHeldOut, trained, steps, losses } = report;
      const sides = make("div", { className: "sides", ariaLive: "polite" });
      const select = (query: HeldOutQuery) =>
        sides.replaceChildren(column("Before", query.before, query), column("After", query.after, query));
      const chips = queries.map((query) => {
        const chip = make("button", { type: "button", textContent: query.caption, ariaPressed: "false" });
        chip.addEventListener("click", () => {
          for (const other of chips) other.ariaPressed = String(other === chip);
          select(query);
        });
        return chip;
      });
      element.replaceChildren(
        make("h2", { textContent: "Before and after" }),
        make("p", { className: "summary" }, summary(queries)),
        make("p", {
          className: "small",
          textContent: `${steps} steps on ${trained} photos, loss ${losses.map((loss) => loss.toFixed(2)).join(" → ")}. ${measuredOn(isHeldOut)}`,
        }),
        make("div", { className: "chips" }, chips),
        sides,
      );
      chips[0]?.click();
      const [first] = queries;
      element.dataset.report = first ? JSON.stringify(ranksOf(queries)) : "";
    },
  };
}

/** The mean place of what was looked for, as it came and as it is. */
function ranksOf(queries: readonly HeldOutQuery[]) {
  const mean = (of: (query: HeldOutQuery) => Ranking) =>
    queries.reduce((sum, query) => sum + of(query).rank, 0) / queries.length;
  const first = (of: (query: HeldOutQuery) => Ranking) => queries.filter((query) => of(query).rank === 1).length;
  return {
    before: { mean: mean(({ before }) => before), first: first(({ before }) => before) },
    after: { mean: mean(({ after }) => after), first: first(({ after }) => after) },
  };
}

function summary(queries: readonly HeldOutQuery[]): (Node | string)[] {
  const { before, after } = ranksOf(queries);
  const bold = (text: string) => make("b", { textContent: text });
  return [
    "Found first: ",
    bold(`${before.first} of ${queries.length} → ${after.first} of ${queries.length}`),
    " · mean place ",
    bold(`${before.mean.toFixed(1)} → ${after.mean.toFixed(1)}`),
  ];
}

function measuredOn(isHeldOut: boolean): string {
  return isHeldOut
    ? "Measured on photos that were held out: the model has never seen them."
    : "Measured on the photos it was trained on; with 10 or more, every fifth is held out to measure by.";
}
