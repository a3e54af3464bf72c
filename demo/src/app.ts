import type { Remote } from "comlink";
import type { Library } from "./library.ts";
import type { OpenedModel, Report } from "./protocol/search.ts";
import type { AlbefWorker } from "./protocol.ts";
import type { Status } from "./ui/status.ts";

/** What every panel works with. */
export interface App {
  readonly albef: Remote<AlbefWorker>;
  readonly library: Library;
  readonly status: Status;
  /** Progress of the worker's calls, shown in the status line. */
  readonly report: Report;
  /** Undefined until one is loaded. */
  readonly model: OpenedModel | undefined;
  /** A model, or what it has learnt, is in use from now on. */
  use(opened: OpenedModel): void;
  /** Indexes the pictures among the files; says what became of them; returns the ids of the new photos. */
  addPhotos(files: readonly File[]): Promise<readonly string[]>;
  removePhoto(id: string): Promise<void>;
}

/** A task of the page. */
export interface Panel {
  /** The model in use or the pictures are others now, or the panel is shown again. */
  refresh(): void;
}

/** Fills an empty element with a panel. */
export type OpenPanel = (app: App, root: HTMLElement) => Panel;
