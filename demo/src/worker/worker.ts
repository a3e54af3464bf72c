import { expose } from "comlink";
import type { AlbefWorker } from "../protocol.ts";
import { createDesk } from "./desk.ts";
import { lessonCalls } from "./lesson-calls.ts";
import { sceneCalls } from "./scene-calls.ts";
import { searchCalls } from "./search-calls.ts";
import { taskCalls } from "./task-calls.ts";

// The page names its worker by its own address: the built worker lies in a folder below.
const desk = createDesk(new URL(self.name));

// What no call awaits would be lost here: an error of the worker reaches the page.
self.addEventListener("unhandledrejection", ({ reason }) => reportError(reason));

const calls: AlbefWorker = { ...searchCalls(desk), ...lessonCalls(desk), ...taskCalls(desk), ...sceneCalls(desk) };
expose(calls);
