import { serial } from "../storage/serial.ts";
import type { EncodedText } from "./encoded.ts";
import type { Engine } from "./engine.ts";
import type { RunControl } from "./engine-context.ts";
import { disposeKeys, type ImageKeys, imagesAtOnce, keysBytes, type MatchLogits } from "./match.ts";

/** Matches texts with pictures that it knows by id. What it made of those that fit the budget is kept for the next text. */
export interface Candidates<Id extends string | number> {
  /** Logits in the order of `ids`; the states of those that are not kept are asked for. */
  match(text: EncodedText, ids: readonly Id[], control?: RunControl): Promise<MatchLogits[]>;
  /** Pictures that are others now, or gone. */
  forget(ids: Iterable<Id>): void;
  /** Nothing stays on the device. */
  clear(): void;
}

export interface CandidatesOptions<Id extends string | number> {
  /** Device memory for what is kept, in bytes. */
  readonly budgetBytes: number;
  statesOf(id: Id, signal: AbortSignal | undefined): Promise<Float32Array>;
}

export function candidates<Id extends string | number>(
  engine: Engine,
  { budgetBytes, statesOf }: CandidatesOptions<Id>,
): Candidates<Id> {
  const kept = new Map<Id, ImageKeys>(); // in the order of use
  const enqueue = serial(); // what a match reads must not go meanwhile
  const room = Math.floor(budgetBytes / keysBytes(engine.plan));

  const drop = (id: Id) => {
    const keys = kept.get(id);
    if (keys) disposeKeys(keys);
    kept.delete(id);
  };

  /** Keeps keys where there is room; those of pictures that are wanted now stay rather than make some. */
  const keep = (id: Id, keys: ImageKeys, wanted: ReadonlySet<Id>): boolean => {
    if (kept.size >= room) {
      const oldest = [...kept.keys()].find((other) => !wanted.has(other));
      if (oldest === undefined) return false;
      drop(oldest);
    }
    kept.set(id, keys);
    return true;
  };

  const matchSlice = async (text: EncodedText, ids: readonly Id[], wanted: ReadonlySet<Id>, control: RunControl) => {
    const missing = ids.filter((id) => !kept.has(id));
    const states: Float32Array[] = [];
    for (const id of missing) states.push(await statesOf(id, control.signal));
    const made = new Map((await engine.keys(states, control)).map((keys, i): [Id, ImageKeys] => [missing[i]!, keys]));
    try {
      const keys = ids.map((id) => made.get(id) ?? used(id));
      return await engine.match([text], keys, control);
    } finally {
      for (const [id, keys] of made) if (!keep(id, keys, wanted)) disposeKeys(keys);
    }
  };

  const used = (id: Id): ImageKeys => {
    const keys = kept.get(id)!;
    kept.delete(id);
    kept.set(id, keys);
    return keys;
  };

  const match = async (text: EncodedText, ids: readonly Id[], control: RunControl) => {
    const wanted = new Set(ids);
    const atOnce = imagesAtOnce(engine.plan);
    const logits: MatchLogits[] = [];
    for (let begin = 0; begin < ids.length; begin += atOnce) {
      control.signal?.throwIfAborted();
      logits.push(...(await matchSlice(text, ids.slice(begin, begin + atOnce), wanted, control)));
    }
    return logits;
  };

  const clear = () => void enqueue(async () => [...kept.keys()].forEach(drop));
  return {
    match: (text, ids, control = {}) => enqueue(() => match(text, ids, control)),
    forget: (ids) => {
      const gone = [...ids];
      void enqueue(async () => gone.forEach(drop));
    },
    clear,
  };
}
