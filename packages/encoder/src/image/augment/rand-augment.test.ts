import { readFileSync } from "node:fs";
import { byteSource, openSafetensors } from "@albef/core";
import { describe, expect, test } from "vitest";
import {
  type AugmentName,
  applyAugments,
  augmentAt,
  drawAugments,
  TRAINING_AUGMENTS,
  usedAugments,
} from "./rand-augment.ts";
import type { RgbImage } from "./rgb-image.ts";

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

const folder = new URL("../../../../../fixtures/randaugment/", import.meta.url);
const recorded = JSON.parse(readFileSync(new URL("case.json", folder), "utf8")) as { runs: Run[]; calls: Call[] };
const tensors = await openSafetensors(byteSource(readFileSync(new URL("tensors.safetensors", folder)), "randaugment"));

async function picture(name: string): Promise<RgbImage> {
  return { width: 32, height: 32, data: await tensors.bytes(name) };
}

const images = { a: await picture("in.image_a"), b: await picture("in.image_b") };

/** Draws that were recorded, and an error beyond them. */
function given(values: readonly number[]) {
  const left = [...values];
  return {
    left,
    draw: () => {
      if (left.length === 0) throw new Error("more draws than were recorded");
      return left.shift()!;
    },
  };
}

describe("recorded operations of the official code, bit by bit", () => {
  for (const { name, op, level, args } of recorded.runs) {
    test(name, async () => {
      const negative = typeof args[0] === "number" && args[0] < 0;
      const { draw } = given([op === "Rotate" ? Number(!negative) : Number(negative)]);
      const augment = augmentAt(op, level, draw);
      if (typeof args[0] === "number") expect(augment.value).toBeCloseTo(args[0], 12);
      const keys = (["a", "b"] as const).filter((key) => tensors.tensors.has(`out.${name}.${key}`));
      expect(keys).toContain("a");
      for (const key of keys) {
        const { data } = await picture(`out.${name}.${key}`);
        expect([...applyAugments(images[key], [augment], { faithful: true }).data]).toEqual([...data]);
      }
    });
  }
});

describe("recorded calls with their draws", () => {
  for (const { name, ops, uniform_draws } of recorded.calls) {
    test(name, async () => {
      const { draw, left } = given(uniform_draws);
      const output = applyAugments(images.a, usedAugments(ops, draw), { faithful: true });
      expect(left).toEqual([]);
      expect([...output.data]).toEqual([...(await picture(`out.${name}.a`)).data]);
    });
  }
});

test("names are drawn evenly among those used in training, and half are applied", () => {
  const used = new Map<string, number>();
  let step = 0;
  const draw = () => (((step++ * 0.6180339887) % 1) + 1) % 1;
  for (let i = 0; i < 2000; i++) {
    for (const { name } of drawAugments(draw)) used.set(name, (used.get(name) ?? 0) + 1);
  }
  expect([...used.keys()].every((name) => TRAINING_AUGMENTS.includes(name as AugmentName))).toBe(true);
  const total = [...used.values()].reduce((sum, count) => sum + count, 0);
  expect(total / 4000).toBeGreaterThan(0.4);
  expect(total / 4000).toBeLessThan(0.6);
});

test("by default nothing overflows: contrast is stretched and bright edges stay bright", () => {
  const ramp = Uint8Array.from({ length: 16 * 3 }, (_, i) => 100 + Math.floor(i / 3));
  const stretched = applyAugments({ width: 4, height: 4, data: ramp }, [{ name: "AutoContrast", value: 0 }]);
  expect([stretched.data[0], stretched.data.at(-1)]).toEqual([0, 255]);

  const spot = new Uint8Array(9 * 3).fill(200);
  spot.fill(250, 12, 15); // the middle pixel; sharpened beyond 255
  const image = { width: 3, height: 3, data: spot };
  const sharper = [{ name: "Sharpness", value: 1.36 }] as const;
  expect(applyAugments(image, sharper).data[12]).toBe(255);
  expect(applyAugments(image, sharper, { faithful: true }).data[12]).toBe(5);
});

test("an unknown operation is refused by name", () => {
  expect(() => augmentAt("Blur" as AugmentName, 7, () => 0)).toThrow(/Blur is none of Identity/);
});
