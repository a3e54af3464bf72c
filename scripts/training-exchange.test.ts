import { readFileSync } from "node:fs";
import { byteSource, openSafetensors } from "@albef/core";
import { expect, test } from "vitest";
import { recordedTraining } from "./lib/recorded-training.ts";

interface Sample {
  readonly norm: number;
  readonly places: readonly number[];
  readonly values: readonly number[];
}

/** What PyTorch made of the training that albef.js had saved after its first step (weights/pretrain/record_exchange.py). */
const { losses, tensors } = JSON.parse(readFileSync(new URL("../fixtures/exchange.json", import.meta.url), "utf8")) as {
  readonly losses: Readonly<Record<string, number>>;
  readonly tensors: Readonly<Record<string, Sample>>;
};
const WITHIN = 1e-5;
const SMALL_GRADIENT = 1e-6;

test("PyTorch goes on from a saved training as albef.js does: one step is the same within 1e-5", async () => {
  const first = await recordedTraining(0);
  const { saved, losses: own, learningRate } = await recordedTraining(1, first.saved);
  for (const [name, loss] of Object.entries(own))
    expect(Math.abs(loss - losses[name]!), name).toBeLessThan(1e-5 * loss + 1e-5);
  const file = await openSafetensors(byteSource(saved, "saved"));
  expect(Object.keys(tensors).sort()).toEqual([...file.tensors.keys()].filter((name) => name !== "idx_queue").sort());
  let compared = 0;
  for (const [name, { places, values, norm }] of Object.entries(tensors)) {
    const { data } = await file.read(name);
    const squares = file.tensors.has(`exp_avg_sq.${name}`) ? (await file.read(`exp_avg_sq.${name}`)).data : undefined;
    for (const [i, place] of places.entries()) {
      // Where a gradient is no more than rounding, AdamW steps by its rate either way.
      const isNoise = squares !== undefined && 30 * Math.sqrt(Number(squares[place])) < SMALL_GRADIENT;
      const limit = isNoise ? 2 * learningRate : WITHIN * Math.max(1, Math.abs(values[i]!));
      expect(Math.abs(Number(data[place]) - values[i]!), `${name}[${place}]`).toBeLessThanOrEqual(limit);
      if (!isNoise) compared++;
    }
    const squared = Array.from(data, (value) => Number(value) ** 2).reduce((sum, square) => sum + square, 0);
    const own = Math.sqrt(squared);
    expect(Math.abs(own - norm), `norm of ${name}`).toBeLessThanOrEqual(1e-4 * Math.max(1, norm));
  }
  expect(compared).toBeGreaterThan(1000);
});
