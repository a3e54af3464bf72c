import type { LessonCalls } from "./protocol/lesson.ts";
import type { SceneCalls } from "./protocol/scenes.ts";
import type { SearchCalls } from "./protocol/search.ts";
import type { TaskCalls } from "./protocol/tasks.ts";

/** What the worker does for the page. */
export type AlbefWorker = SearchCalls & LessonCalls & TaskCalls & SceneCalls;
