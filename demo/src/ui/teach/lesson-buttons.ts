import { make } from "../../dom.ts";
import type { UnfinishedLesson } from "../../protocol/lesson.ts";

export interface LessonActions {
  start(): void;
  resume(): void;
  discard(): void;
  pause(): void;
  proceed(): void;
  stop(): void;
  cancel(): void;
}

export interface LessonState {
  readonly isRunning: boolean;
  /** A lesson that can go on. */
  readonly unfinished: UnfinishedLesson | undefined;
  /** Photos with a caption. */
  readonly photos: number;
}

const LEAST = 2;

/** Train, pause, stop, cancel; and what to do with a lesson that was interrupted. */
export function createLessonButtons(actions: LessonActions) {
  const button = (textContent: string, act: () => void, className = "") => {
    const element = make("button", { type: "button", textContent, className });
    element.addEventListener("click", act);
    return element;
  };
  const start = button("Train", actions.start, "primary");
  const pause = button("Pause", () => setPaused(true));
  const proceed = button("Go on", () => setPaused(false), "primary");
  const stop = button("Stop and keep it", actions.stop);
  const cancel = button("Cancel", actions.cancel, "quiet");
  const resume = button("Go on with it", actions.resume, "primary");
  const discard = button("Discard it", actions.discard, "quiet");
  const interrupted = make("p", { className: "interrupted" });
  const notice = make("div", { className: "notice" }, [
    interrupted,
    make("div", { className: "row" }, [resume, discard]),
  ]);
  const hint = make("span", { className: "small" });
  const element = make("div", { className: "lesson-buttons" }, [
    notice,
    make("div", { className: "row" }, [start, pause, proceed, stop, cancel, hint]),
  ]);

  function setPaused(isOn: boolean): void {
    if (isOn) actions.pause();
    else actions.proceed();
    pause.hidden = isOn;
    proceed.hidden = !isOn;
  }
  return {
    element,
    show({ isRunning, unfinished, photos }: LessonState) {
      start.hidden = isRunning;
      start.disabled = photos < LEAST;
      hint.textContent = isRunning ? "" : hintFor(photos);
      for (const part of [pause, stop, cancel]) part.hidden = !isRunning;
      proceed.hidden = true;
      notice.hidden = isRunning || unfinished === undefined;
      if (unfinished) {
        const { history, settings, photos: taught } = unfinished;
        interrupted.textContent = `A lesson on ${taught.length} photos was interrupted after step ${history.length} of ${settings.steps}.`;
      }
    },
  };
}

function hintFor(photos: number): string {
  if (photos < LEAST) return `Say what ${LEAST} photos or more show.`;
  return `${photos} photos with captions.`;
}
