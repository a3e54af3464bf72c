import type { LessonCalls, LessonListener, LessonPoint, LessonRequest } from "../protocol/lesson.ts";
import type { Report } from "../protocol/search.ts";
import type { Desk } from "./desk.ts";
import { giveLesson, type LessonOptions } from "./lesson.ts";
import { type LessonSwitch, lessonSwitch } from "./lesson-control.ts";

type From = Pick<LessonOptions, "resume" | "history">;

export function lessonCalls(desk: Desk): LessonCalls {
  let control: LessonSwitch | undefined;
  const model = () => desk.current().base.fingerprint;
  const give = async (request: LessonRequest, from: From, [onStep, report]: [LessonListener, Report]) => {
    const signal = desk.begin();
    const { base } = desk.current();
    const lessons = await desk.lessons;
    const save = (history: readonly LessonPoint[], state: Blob) =>
      lessons.interrupt(base.fingerprint, { ...request, history }, state);
    const release = desk.hold();
    const own = lessonSwitch(signal);
    control = own;
    const options = { photos: await desk.photos, onStep, signal, control: own, save, ...from };
    const { adapter, report: learnt } = await giveLesson(base, request, options)
      .catch(async (error: unknown) => {
        if (signal.aborted) await lessons.forgetUnfinished(base.fingerprint); // given up on purpose
        throw error;
      })
      .finally(() => {
        own.proceed(); // no pause is waited for any more
        control = undefined;
        release();
      });
    const name = await lessons.keep(base.fingerprint, lessonName(learnt.trained), adapter, learnt);
    await lessons.forgetUnfinished(base.fingerprint);
    return { opened: await desk.learn(name, report), report: learnt };
  };
  return {
    async teach(request, onStep, report) {
      await (await desk.lessons).forgetUnfinished(model());
      return give(request, {}, [onStep, report]);
    },
    async resumeTeaching(onStep, report) {
      const interrupted = await (await desk.lessons).unfinished(model());
      if (!interrupted) throw new Error("there is no lesson to go on with");
      const { history, ...request } = interrupted.lesson;
      return give(request, { resume: interrupted.state, history }, [onStep, report]);
    },
    pauseTeaching: async () => control?.pause(),
    continueTeaching: () => control?.proceed(),
    stopTeaching: () => control?.stop(),
    unfinishedLesson: async () => (await (await desk.lessons).unfinished(model()))?.lesson,
    discardUnfinished: async () => (await desk.lessons).forgetUnfinished(model()),
    lessons: async () => (await desk.lessons).list(model()),
    useLesson: (name, report) => desk.learn(name, report),
    removeLesson: async (name) => (await desk.lessons).remove(model(), name),
    lessonFile: async (name) => (await desk.lessons).adapter(model(), name),
    async addLesson(file, report) {
      const { base } = desk.current();
      (await base.withAdapter(file)).dispose(); // another model's file, or none of ours, is refused before it is kept
      const stem = file.name.replace(/\.\w+$/, "").replace(/[^\w ,()-]/g, "-");
      return desk.learn(await (await desk.lessons).keep(base.fingerprint, stem, file), report);
    },
  };
}

function lessonName(photos: number): string {
  const day = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  return `${photos} photos, ${day}`;
}
