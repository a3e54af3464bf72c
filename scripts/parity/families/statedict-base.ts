import { configFromShapes, type OfficialModelName, officialKeys } from "@albef/encoder";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

export interface RecordedModel {
  readonly keys: Shapes;
  readonly tied: Readonly<Record<string, string>>;
  readonly trainable_parameters: number;
}

/** Keys, shapes, order, tied entries and parameter counts of every official model. */
export const statedictBase: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const models = recorded.field<Readonly<Record<string, RecordedModel>>>("models");
    return Object.entries(models).flatMap(([name, model]) => checkModel(name as OfficialModelName, model));
  },
};

function checkModel(name: OfficialModelName, { keys, tied, trainable_parameters }: RecordedModel): Check[] {
  const table = officialKeys(name, configFromShapes(new Map(Object.entries(keys))));
  const shapes = Object.fromEntries([...table].map(([key, { shape }]) => [key, shape]));
  const aliases = [...table].flatMap(([key, { tiedTo }]) => (tiedTo === undefined ? [] : [[key, tiedTo]]));
  const counted = [...table.values()].filter(({ role, tiedTo }) => role === "trainable" && tiedTo === undefined);
  const count = counted.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  return [
    checkEqual(`${name}: shapes by key`, shapes, keys),
    checkEqual(`${name}: order of keys`, [...table.keys()], Object.keys(keys)),
    checkEqual(`${name}: tied keys`, Object.fromEntries(aliases), tied),
    checkEqual(`${name}: trainable parameters`, count, trainable_parameters),
  ];
}
