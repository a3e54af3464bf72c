import { expect, test } from "vitest";
import { opTable } from "./index.ts";
import { tfjsRules } from "./tfjs-rules.ts";

test("every primitive has a rule for tfjs, and every rule of the table an op", () => {
  for (const op of Object.values(opTable)) {
    if (op.kind === "primitive")
      expect([op.name, op.tfjs !== undefined || op.name in tfjsRules]).toEqual([op.name, true]);
  }
  expect(Object.keys(tfjsRules).filter((name) => !(name in opTable))).toEqual([]);
});
