import type { LessonReport, SavedLesson, UnfinishedLesson } from "../protocol/lesson.ts";
import { type Folder, openFolder } from "./folder.ts";

/** What was learnt from the user's photos, by the model it belongs to; and the lesson that was interrupted. */
export interface LessonStore {
  list(model: string): Promise<SavedLesson[]>;
  adapter(model: string, name: string): Promise<File>;
  /** Keeps a lesson under a name that is free, and returns that. */
  keep(model: string, name: string, adapter: Blob, report?: LessonReport): Promise<string>;
  remove(model: string, name: string): Promise<void>;
  /** The lesson in use, if one is. */
  inUse(model: string): Promise<string | undefined>;
  use(model: string, name: string | undefined): Promise<void>;
  /** A lesson that was interrupted, and the state of its training. */
  unfinished(model: string): Promise<Interrupted | undefined>;
  interrupt(model: string, lesson: UnfinishedLesson, state: Blob): Promise<void>;
  forgetUnfinished(model: string): Promise<void>;
}

export interface Interrupted {
  readonly lesson: UnfinishedLesson;
  readonly state: Blob;
}

const ADAPTER = ".safetensors";
const REPORT = ".json";
const HEADER = 4; // bytes: how long the description is

export async function openLessonStore(): Promise<LessonStore> {
  const folder = await openFolder("albef-demo-lessons");
  const file = (model: string, name: string, end: string) => `${model} ${name}${end}`;
  const inUse = (model: string) => `${model}.in-use`;
  const unfinished = (model: string) => `${model}.unfinished`;
  const named = async (model: string, end: string) =>
    (await folder.names())
      .filter((found) => found.startsWith(`${model} `) && found.endsWith(end))
      .map((found) => found.slice(model.length + 1, -end.length));
  return {
    async list(model) {
      const reports = new Set(await named(model, REPORT));
      const names = await named(model, ADAPTER);
      return Promise.all(
        names.map(async (name) => ({
          name,
          ...(reports.has(name) && { report: await readJson<LessonReport>(folder, file(model, name, REPORT)) }),
        })),
      );
    },
    adapter: (model, name) => folder.read(file(model, name, ADAPTER)),
    async keep(model, name, adapter, report) {
      const taken = await named(model, ADAPTER);
      let free = name;
      for (let n = 2; taken.includes(free); n++) free = `${name} (${n})`;
      if (report) await folder.write(file(model, free, REPORT), json(report));
      await folder.write(file(model, free, ADAPTER), adapter); // last: a lesson is there when its adapter is
      return free;
    },
    async remove(model, name) {
      await folder.remove(file(model, name, ADAPTER));
      await folder.remove(file(model, name, REPORT));
    },
    async inUse(model) {
      if (!(await folder.has(inUse(model)))) return undefined;
      const name = await (await folder.read(inUse(model))).text();
      return (await folder.has(file(model, name, ADAPTER))) ? name : undefined;
    },
    use: (model, name) =>
      name === undefined ? folder.remove(inUse(model)) : folder.write(inUse(model), new Blob([name])),
    async unfinished(model) {
      if (!(await folder.has(unfinished(model)))) return undefined;
      return readInterrupted(await folder.read(unfinished(model)));
    },
    async interrupt(model, lesson, state) {
      const described = await json(lesson).arrayBuffer();
      await folder.write(unfinished(model), new Blob([Uint32Array.of(described.byteLength), described, state]));
    },
    forgetUnfinished: (model) => folder.remove(unfinished(model)),
  };
}

/** One file holds the description and the state, so that they are always of the same step. */
async function readInterrupted(file: File): Promise<Interrupted> {
  const [length] = new Uint32Array(await file.slice(0, HEADER).arrayBuffer());
  const described = await file.slice(HEADER, HEADER + length!).text();
  return { lesson: JSON.parse(described) as UnfinishedLesson, state: file.slice(HEADER + length!) };
}

async function readJson<T>(folder: Folder, name: string): Promise<T> {
  return JSON.parse(await (await folder.read(name)).text()) as T;
}

const json = (value: unknown) => new Blob([JSON.stringify(value)]);
