import type { HiddenWord, StepInspection } from "albef";
import type { OpenedModel, Report } from "./search.ts";

export interface CaptionedPhoto {
  readonly id: string;
  readonly caption: string;
}

export interface LessonSettings {
  readonly steps: number;
  readonly learningRate: number;
  /** Photos of a step; fewer where there are not so many. */
  readonly batchSize: number;
  /** Weight of the momentum teacher's pseudo-targets. */
  readonly alpha: number;
  readonly train: "all" | "lora";
  readonly augment: "finetune" | "none";
}

export interface LessonRequest {
  readonly photos: readonly CaptionedPhoto[];
  readonly settings: LessonSettings;
}

/** A step as the charts draw it. */
export interface LessonPoint {
  readonly step: number;
  readonly loss: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly alpha: number;
}

export interface LessonStep extends LessonPoint {
  readonly steps: number;
  readonly learningRate: number;
  readonly pairsPerSecond: number;
  readonly secondsLeft: number;
  readonly memoryBytes: number;
  readonly inspection: StepInspection;
  /** Why the lesson could not be saved, if it could not: a reload would lose it. */
  readonly unsaved?: string | undefined;
  /** Now and then, where the model has a masked-language head: what the teacher expects for a hidden word. */
  readonly words?: readonly ExpectedWords[];
}

export interface ExpectedWords extends HiddenWord {
  readonly id: string;
}

/** One caption of a photo that was held out, and how the photos held out rank for it. */
export interface HeldOutQuery {
  readonly caption: string;
  /** The photos that it is a caption of. */
  readonly wanted: readonly string[];
  readonly before: Ranking;
  readonly after: Ranking;
}

export interface Ranking {
  /** Best first. */
  readonly ids: readonly string[];
  /** Place of the first photo wanted, from 1. */
  readonly rank: number;
}

/** What a lesson changed, measured on photos. */
export interface LessonReport {
  readonly steps: number;
  /** Loss of the first step and mean of the last ones. */
  readonly losses: readonly [number, number];
  readonly trained: number;
  /** Whether the photos measured by were held out; else they are those that it was trained on. */
  readonly isHeldOut: boolean;
  readonly queries: readonly HeldOutQuery[];
}

export interface SavedLesson {
  readonly name: string;
  /** Absent where the lesson came as a file. */
  readonly report?: LessonReport;
}

export interface UnfinishedLesson extends LessonRequest {
  /** The steps that were taken and saved. */
  readonly history: readonly LessonPoint[];
}

export interface Taught {
  readonly opened: OpenedModel;
  readonly report: LessonReport;
}

export interface PausedLesson {
  readonly step: number;
  /** Why it could not be saved, if it could not. */
  readonly unsaved?: string | undefined;
}

export type LessonListener = (step: LessonStep) => void;

export interface LessonCalls {
  /** Trains on the photos; the model that has learnt takes the place of the one in use. */
  teach(request: LessonRequest, onStep: LessonListener, report: Report): Promise<Taught>;
  /** Goes on where an interrupted lesson was last saved. */
  resumeTeaching(onStep: LessonListener, report: Report): Promise<Taught>;
  /** Holds the lesson after the present step, its state kept, until it goes on; undefined where it had ended. */
  pauseTeaching(): Promise<PausedLesson | undefined>;
  continueTeaching(): void;
  /** Ends the lesson after the present step; what was learnt is used. */
  stopTeaching(): void;
  /** A lesson that a closed or reloaded page left. */
  unfinishedLesson(): Promise<UnfinishedLesson | undefined>;
  discardUnfinished(): Promise<void>;
  lessons(): Promise<SavedLesson[]>;
  /** Takes a kept lesson into use; without a name the model as it came. */
  useLesson(name: string | undefined, report: Report): Promise<OpenedModel>;
  removeLesson(name: string): Promise<void>;
  /** The lesson as a file that `model.withAdapter` reads. */
  lessonFile(name: string): Promise<Blob>;
  /** Keeps a lesson from a file and takes it into use. */
  addLesson(file: File, report: Report): Promise<OpenedModel>;
}
