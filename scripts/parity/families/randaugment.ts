import { type Augment, type AugmentName, applyAugments, augmentAt, type RgbImage, usedAugments } from "@albef/encoder";
import { type Check, checkEqual, checkNumbers } from "../check.ts";
import type { PlainFamily } from "../family.ts";
import type { RecordedCase } from "../recorded-case.ts";

interface Run {
  readonly name: string;
  readonly op: AugmentName;
  readonly level: number;
  readonly args: readonly (number | readonly number[])[];
}

interface Call {
  readonly name: string;
  readonly ops: readonly AugmentName[];
  readonly uniform_draws: readonly number[];
}

/** RandAugment: single operations at recorded levels and signs, and whole calls with their draws. */
export const randaugment: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const level = recorded.field<{ readonly M: number }>("config").M;
    const runs = recorded.field<readonly Run[]>("runs");
    const calls = recorded.field<readonly Call[]>("calls");
    const augments = new Map<string, readonly Augment[]>([
      ...runs.map((run) => [run.name, [augmentAt(run.op, run.level, signOf(run))]] as const),
      ...calls.map(({ name, ops, uniform_draws }) => {
        return [name, usedAugments(ops, givenDraws(name, uniform_draws), { level })] as const;
      }),
    ]);
    return [
      ...[...recorded.expected].flatMap(([key, expected]): Check[] => {
        const [, name, image] = /^out\.(.+)\.(\w+)$/.exec(key) ?? [];
        const used = augments.get(name ?? "");
        if (!used) return [];
        const { data } = applyAugments(imageOf(recorded, `in.image_${image}`), used, { faithful: true });
        return [checkNumbers(key.slice("out.".length), data, recorded.tensor(key).data, expected)];
      }),
      checkEqual(`arguments: ${runs.length} levels`, runs.map(argumentOf), runs.map(recordedArgument)),
    ];
  },
};

function imageOf(recorded: RecordedCase, name: string): RgbImage {
  const { data, shape } = recorded.tensor(name);
  return { height: shape[0]!, width: shape[1]!, data: Uint8Array.from(data) };
}

/** The draw that gives the recorded sign: rotations are negative below a half, all others above. */
function signOf({ op, args }: Run): () => number {
  const negative = typeof args[0] === "number" && args[0] < 0;
  return () => (negative === (op === "Rotate") ? 0.25 : 0.75);
}

const argumentOf = (run: Run) => Number(augmentAt(run.op, run.level, signOf(run)).value.toFixed(12));
const recordedArgument = ({ args }: Run) => Number((typeof args[0] === "number" ? args[0] : 0).toFixed(12));

function givenDraws(name: string, draws: readonly number[]): () => number {
  const left = [...draws];
  return () => {
    const next = left.shift();
    if (next === undefined) throw new Error(`${name}: more draws are taken than were recorded`);
    return next;
  };
}
