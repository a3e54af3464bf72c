import { expect, test } from "vitest";
import { f64Rules } from "./f64-rules.ts";
import { opTable } from "./index.ts";
import { tfjsRules } from "./tfjs-rules.ts";

test("every primitive has a rule for tfjs and one in double precision, and every rule of the tables an op", () => {
  for (const op of Object.values(opTable)) {
    if (op.kind === "primitive")
      expect([op.name, op.f64 !== undefined || op.name in f64Rules]).toEqual([op.name, true]);
    if (op.kind === "primitive")
      expect([op.name, op.tfjs !== undefined || op.name in tfjsRules]).toEqual([op.name, true]);
  }
  expect([...Object.keys(tfjsRules), ...Object.keys(f64Rules)].filter((name) => !(name in opTable))).toEqual([]);
});
