import "../style/teach.css";
import { proxy } from "comlink";
import type { App, OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import type { LessonStep, Taught, UnfinishedLesson } from "../protocol/lesson.ts";
import { panelHead } from "../ui/task-panel.ts";
import { createCaptions } from "../ui/teach/captions.ts";
import { createCharts } from "../ui/teach/charts.ts";
import { createComparison } from "../ui/teach/comparison.ts";
import { exampleAlbums } from "../ui/teach/example.ts";
import { captionsById, createInspector } from "../ui/teach/inspector.ts";
import { createLessonButtons, type LessonState } from "../ui/teach/lesson-buttons.ts";
import { createLessons } from "../ui/teach/lessons.ts";
import { createSettings } from "../ui/teach/settings.ts";

const LEAST = 2;

/** Fine-tuning on the user's photos: captions, the lesson as it goes on, and what it changed. */
export const openTeach: OpenPanel = (app, root) => {
  const { albef, status } = app;
  let isRunning = false;
  let captionOf = (_id: string) => "";
  const said = make("p", { className: "taught", role: "status" });
  const settings = createSettings();
  const comparison = createComparison(app);
  const lessons = createLessons(app, comparison.show);
  const captions = createCaptions(app, () => buttons.show(stateNow()));
  const inspector = createInspector(app, (id) => captionOf(id));
  const plots = make("div", { className: "charts" });
  const charts = createCharts(plots);
  const live = make("section", { className: "live", hidden: true }, [plots, inspector.element]);
  const buttons = createLessonButtons({
    start: () => void start(),
    resume: () => void resume(),
    discard: () => void discard().catch(status.error),
    pause: () => void pause().catch(status.error),
    proceed: () => void albef.continueTeaching(),
    stop: () => void albef.stopTeaching(),
    cancel: () => void albef.cancel(),
  });
  let unfinished: UnfinishedLesson | undefined;
  const stateNow = (): LessonState => ({ isRunning, unfinished, photos: captions.read().length });

  async function start(): Promise<void> {
    const photos = captions.read();
    const chosen = settings.read();
    if (photos.length < LEAST || !chosen) return;
    captionOf = captionsById(photos);
    await run((onStep) => albef.teach({ photos, settings: chosen }, onStep, app.report));
  }

  async function resume(): Promise<void> {
    const { photos, history } = unfinished!;
    captionOf = captionsById(photos);
    await run((onStep) => {
      for (const point of history) charts.add(point);
      return albef.resumeTeaching(onStep, app.report);
    });
  }

  async function pause(): Promise<void> {
    const paused = await albef.pauseTeaching();
    if (!paused) return;
    const { step, unsaved } = paused;
    const kept = unsaved === undefined ? "saved: the page can be closed" : `not saved: ${unsaved}`;
    said.textContent = `Paused after step ${step}, ${kept}.`;
  }

  async function run(lesson: (onStep: (step: LessonStep) => void) => Promise<Taught>): Promise<void> {
    setRunning(true);
    charts.clear();
    comparison.show(undefined);
    said.textContent = "Preparing the lesson …";
    try {
      const taught = await lesson(proxy(onStep));
      said.textContent = `Learnt in ${taught.report.steps} steps; the search uses it now.`;
      app.use(taught.opened);
    } catch (error) {
      said.textContent = "The lesson was given up; the model is as it was before.";
      if (error instanceof Error && error.name === "AbortError") status.say("");
      else status.error(error);
    } finally {
      setRunning(false);
      await refresh().catch(status.error);
    }
  }

  function onStep(step: LessonStep): void {
    live.hidden = false;
    charts.add(step);
    inspector.show(step);
    const memory = `${Math.round(step.memoryBytes / 1e6)} MB on the device`;
    const pace = `${step.pairsPerSecond.toFixed(1)} photos/s · ${Math.ceil(step.secondsLeft)} s left`;
    const lost = step.unsaved === undefined ? "" : ` · a reload would lose it: ${step.unsaved}`;
    said.textContent = `Step ${step.step} of ${step.steps} · loss ${step.loss.toFixed(2)} · ${pace} · ${memory}${lost}`;
  }

  function setRunning(isOn: boolean): void {
    isRunning = isOn;
    for (const part of [captions, settings, lessons]) part.enable(!isOn);
    buttons.show(stateNow());
  }

  async function discard(): Promise<void> {
    await albef.discardUnfinished();
    await refresh();
  }

  async function refresh(): Promise<void> {
    captions.refresh();
    if (isRunning || !app.model) return;
    unfinished = await albef.unfinishedLesson();
    buttons.show(stateNow());
    await lessons.refresh();
  }

  root.append(
    panelHead(
      "Teach it your photos",
      "Say what each photo shows in your own words. The model learns them on this machine.",
    ),
    make("p", { className: "small speed" }),
    make("section", { className: "lesson" }, [
      addRow(app),
      captions.element,
      settings.element,
      buttons.element,
      said,
      live,
      comparison.element,
      lessons.element,
    ]),
  );
  return {
    refresh() {
      const { kind } = app.model?.device ?? {};
      root.querySelector(".speed")!.textContent =
        kind === undefined || kind === "webgpu"
          ? ""
          : "There is no GPU in use here: learning works, and takes some minutes.";
      refresh().catch(status.error);
    },
  };
};

function addRow(app: App): HTMLElement {
  const file = make("input", { type: "file", accept: "image/*", multiple: true });
  const example = make("button", { type: "button", textContent: "Take example albums" });
  const add = (files: Promise<readonly File[]>) => void files.then(app.addPhotos).catch(app.status.error);
  file.addEventListener("change", () => {
    const chosen = [...(file.files ?? [])];
    file.value = "";
    add(Promise.resolve(chosen));
  });
  example.addEventListener("click", () => add(exampleAlbums()));
  return make("div", { className: "row" }, [
    make("label", { className: "button primary" }, ["Add photos", file]),
    example,
    make("span", {
      className: "small",
      textContent: "File names that say something become captions. Photos may share one: a person, a place, a day.",
    }),
  ]);
}
