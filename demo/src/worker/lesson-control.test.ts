import { expect, test } from "vitest";
import { lessonSwitch } from "./lesson-control.ts";

test("a pause is told when the lesson stands still, and ends when it is to go on", async () => {
  const control = lessonSwitch(new AbortController().signal);
  const paused = control.pause();
  expect(control.isPaused).toBe(true);
  const still = control.standStill({ step: 3 });
  expect(await paused).toEqual({ step: 3 });
  control.proceed();
  await still;
  expect(control.isPaused).toBe(false);
});

test("stop and an abort end a pause; one that no step reached is told of none", async () => {
  const abort = new AbortController();
  const control = lessonSwitch(abort.signal);
  const unreached = control.pause();
  control.stop();
  expect(await unreached).toBeUndefined();
  expect(control.isStopped).toBe(true);
  const still = [control.pause(), control.standStill({ step: 4 })];
  abort.abort();
  await Promise.all(still);
  expect(control.isPaused).toBe(false);
});
