import { expect, test } from "vitest";
import { stateCache } from "./states.ts";

const states = (value: number) => new Float32Array(100).fill(value); // 200 bytes as halves

test("states come back as halves keep them; what was used longest ago makes room", () => {
  const cache = stateCache(600);
  for (const value of [1, 2, 3]) cache.set(String(value), states(value + 0.1));
  expect(cache.get("1")![0]).toBeCloseTo(1.1, 2);
  cache.set("4", states(4));
  expect(["1", "2", "3", "4"].map((id) => cache.get(id) !== undefined)).toEqual([true, false, true, true]);
});

test("an offer takes no other's place, and what is larger than the budget is not kept", () => {
  const cache = stateCache(400);
  cache.set("a", states(1));
  cache.offer("b", states(2));
  cache.offer("c", states(3));
  expect(["a", "b", "c"].map((id) => cache.get(id) !== undefined)).toEqual([true, true, false]);
  cache.set("huge", new Float32Array(1000));
  expect(cache.get("huge")).toBeUndefined();
  expect(cache.get("a")).toBeDefined();
  cache.delete("a");
  cache.offer("c", states(3));
  expect(cache.get("c")![99]).toBe(3);
});
