import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { opTable } from "./index.ts";
import { vjps } from "./vjps.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const conformance = readdirSync(here)
  .filter((file) => file.endsWith(".gpu.test.ts"))
  .map((file) => readFileSync(`${here}/${file}`, "utf8"))
  .join("\n");

test.each(Object.keys(opTable))("%s has conformance cases", (name) => {
  expect(conformance).toMatch(new RegExp(`describeOp\\(${name}Op,`));
});

test("names are unique and those of the ops", () => {
  expect(Object.entries(opTable).filter(([name, op]) => op.name !== name)).toEqual([]);
});

test("every gradient that is said to come later is there", () => {
  const later = Object.values(opTable).filter((op) => op.vjp === "later");
  expect(later.length).toBeGreaterThan(0);
  expect(later.filter(({ name }) => !vjps[name])).toEqual([]);
});
