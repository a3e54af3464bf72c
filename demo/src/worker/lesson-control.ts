import type { PausedLesson } from "../protocol/lesson.ts";
import type { LessonControl } from "./lesson.ts";

export interface LessonSwitch extends LessonControl {
  /** Resolves when the lesson stands still; undefined where it ended before. */
  pause(): Promise<PausedLesson | undefined>;
  proceed(): void;
  /** Also ends a pause. */
  stop(): void;
}

interface Gate<T> {
  readonly passed: Promise<T>;
  open(value: T): void;
}

/** Pause, proceed and stop of one lesson. An abort ends a pause too. */
export function lessonSwitch(signal: AbortSignal): LessonSwitch {
  let isStopped = false;
  let pause: { readonly reached: Gate<PausedLesson | undefined>; readonly over: Gate<undefined> } | undefined;
  const proceed = () => {
    pause?.reached.open(undefined);
    pause?.over.open(undefined);
    pause = undefined;
  };
  signal.addEventListener("abort", proceed);
  return {
    get isStopped() {
      return isStopped;
    },
    get isPaused() {
      return pause !== undefined;
    },
    async standStill(paused) {
      pause?.reached.open(paused);
      await pause?.over.passed;
    },
    pause() {
      pause ??= { reached: gate(), over: gate() };
      return pause.reached.passed;
    },
    proceed,
    stop() {
      isStopped = true;
      proceed();
    },
  };
}

function gate<T>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
