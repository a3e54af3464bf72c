import { Albef, type AlbefModel } from "albef";
import type { TaskName } from "../protocol/tasks.ts";
import type { Desk } from "./desk.ts";

/** The embedded model has no heads for these; models beside it learnt them on composed scenes. */
const FOLDERS: Readonly<Record<TaskName, string>> = {
  answer: "albef-mini-scenes",
  entails: "albef-mini-scenes",
  compare: "albef-mini-pairs",
};

export interface Asked<T> {
  readonly result: T;
  /** The model that answered, where it is not the one in use. */
  readonly by?: string;
}

/** Asks the model in use or, where that is the embedded one, the model that knows the task: loaded when first asked. */
export function taskModels(desk: Desk) {
  const opened = new Map<string, Promise<AlbefModel>>();
  const open = (folder: string, { device }: AlbefModel): Promise<AlbefModel> => {
    const key = `${folder} on ${device.kind}`;
    const loading = opened.get(key) ?? Albef.fromPretrained(new URL(`${folder}/`, desk.page), { device: device.kind });
    opened.set(key, loading);
    loading.catch(() => opened.delete(key)); // the next question tries again
    return loading;
  };
  return async <T>(task: TaskName, ask: (model: AlbefModel) => Promise<T>): Promise<Asked<T>> => {
    const { model, isEmbedded } = desk.current();
    try {
      return { result: await ask(model) };
    } catch (error) {
      if (!isEmbedded || !(error instanceof Error) || error.name !== "MissingHeadError") throw error;
      const by = FOLDERS[task];
      return { result: await ask(await open(by, model)), by };
    }
  };
}
