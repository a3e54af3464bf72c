import { loraNames, type TrainingWeights } from "@albef/distillation";
import { randomAt } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { shapesOf, storedValues } from "../model/stored-values.ts";
import type { Lesson } from "./lesson.ts";
import type { FinetunePlan } from "./types.ts";

/** Stream of random start values. */
export const START = 4;

/** Stored weights; adapters begin as in Hu et al. 2021: A small and random, B zero, so that they change nothing yet. */
export function startValues(
  { config, origin }: LoadedModel,
  { seed, rank }: FinetunePlan,
  targets: (name: string) => boolean,
  lesson: Lesson | undefined,
): TrainingWeights {
  const adapters = new Map<string, () => Float32Array>();
  let stream = 0;
  const own = shapesOf(origin);
  const begun = [...(lesson?.sources ?? [])].map(([name, source]) => [name, own.get(source)!] as const);
  for (const [name, shape] of new Map([...own, ...begun])) {
    if (!targets(name)) continue;
    const [rows, columns] = shape as readonly [number, number];
    const { down, up } = loraNames(name);
    const draw = randomAt({ seed, stream: [START, ++stream] });
    const bound = columns ** -0.5;
    adapters.set(down, () => Float32Array.from({ length: rank * columns }, () => (2 * draw() - 1) * bound));
    adapters.set(up, () => new Float32Array(rows * rank));
  }
  return async (name) => {
    const adapter = adapters.get(name);
    if (adapter) return adapter();
    const stored = await storedValues(origin, lesson?.sources?.get(name) ?? name);
    if (stored) return stored;
    return name === "temp" ? Float32Array.of(config.temperature) : lesson?.startValue?.(name, seed);
  };
}
