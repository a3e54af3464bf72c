import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteSource, openSafetensors } from "@albef/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Albef } from "../albef.ts";
import { main } from "../cli/main.ts";
import { thingAfter, drawnThings as things } from "../testing/makers.ts";
import { weightsFolder as weights } from "../testing/pictures.ts";
import { writeSmallModel } from "../testing/small-model.ts";
import type { AlbefModel } from "../types.ts";
import type { EntailmentItem, QuestionItem, TaskItems, TaskName } from "./task-types.ts";
import type { FinetuneOptions } from "./types.ts";

/** The encoders know the things already: what is learnt is how to speak of them. */
const plain = { augment: "none", alpha: 0, heldOut: 0, freeze: ["vision", "text"], batchSize: 8 } as const;

let folder: string;
let model: AlbefModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "albef-tasks-"));
  model = await Albef.fromPretrained(`${weights}albef-mini`, { device: "wasm" });
}, 60_000);
afterAll(() => {
  model.dispose();
  rmSync(folder, { recursive: true });
});

/** Trains, keeps what was learnt in a file; the losses of the steps. */
async function learn<Task extends TaskName>(
  items: readonly TaskItems[Task][],
  options: FinetuneOptions & { task: Task },
) {
  using training = await model.finetune(items, { ...plain, ...options });
  const losses: number[] = [];
  for await (const { losses: step } of training) losses.push(step[options.task]!);
  writeFileSync(join(folder, "learnt.safetensors"), Buffer.from(await (await training.adapter()).arrayBuffer()));
  return losses;
}

function write(name: string, json: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(json));
  return join(folder, name);
}

/** `albef eval TASK` of what was learnt; what it printed. */
async function evaluate(task: string, args: readonly string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const own = ["--images", `${weights}eval`, "--adapter", join(folder, "learnt.safetensors"), "--device", "wasm"];
  const status = await main(["eval", task, `${weights}albef-mini`, ...own, ...args]);
  const printed = log.mock.calls.flat().join("\n");
  log.mockRestore();
  expect(status).toBe(0);
  return printed;
}

test("entailment: learnt from one maker's drawings, told of the other makers'", async () => {
  const items: EntailmentItem[] = things.flatMap(({ word, shown: image }, i) => [
    { image, imageId: word, text: `there is a ${word}`, label: "entailment" },
    { image, imageId: word, text: `there is a ${thingAfter(i, 3).word}`, label: "contradiction" },
  ]);
  const losses = await learn(items, { task: "entailment", epochs: 5, learningRate: 2e-3 });
  expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]!);
  const entries = things.flatMap(({ word, asked: image }, i) => [
    { image, sentence: `there is a ${word}`, label: "entailment" },
    { image, sentence: `there is a ${thingAfter(i, 5).word}`, label: "contradiction" }, // in no picture's training
  ]);
  const json = join(folder, "figures.json");
  const printed = await evaluate("ve", ["--annotations", write("ve.json", entries), "--json", json]);
  const { accuracy, given } = JSON.parse(readFileSync(json, "utf8"));
  expect(printed).toContain(`16 sentences, accuracy ${accuracy.toFixed(2)}`);
  expect(given.entailment.entailment + given.contradiction.contradiction).toBe((16 * accuracy) / 100);
  expect(accuracy).toBeGreaterThanOrEqual(75); // a third by chance, half by always saying the same
}, 240_000);

test("vqa: answers learnt from one maker's drawings are given to the other makers'", async () => {
  const question = "What is this?";
  const items: QuestionItem[] = things.map(({ word, shown: image }) => ({ image, question, answer: word }));
  const losses = await learn(items, { task: "vqa", epochs: 14, learningRate: 1e-3 });
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  const questions = things.map(({ asked: image }, i) => ({ question_id: i, image, question, dataset: "vqa" }));
  const said = things.map(({ word }, i) => ({ question_id: i, answers: Array(10).fill({ answer: word }) }));
  const out = join(folder, "result.json");
  const printed = await evaluate("vqa", [
    ...["--questions", write("vqa.json", questions), "--annotations", write("said.json", { annotations: said })],
    ...[
      "--answers",
      write(
        "answers.json",
        things.map(({ word }) => word),
      ),
      "--out",
      out,
    ],
  ]);
  const results: { question_id: number; answer: string }[] = JSON.parse(readFileSync(out, "utf8"));
  expect(results.map(({ question_id }) => question_id)).toEqual([...things.keys()]);
  const right = results.filter(({ answer }, i) => answer === things[i]!.word).length;
  expect(printed).toMatch(new RegExp(`VQA accuracy +${((100 * right) / 8).toFixed(2)}`));
  expect(right).toBeGreaterThanOrEqual(4); // of 8; by chance with a probability of 1 %
}, 240_000);

test.each(["all", "lora"] as const)(
  "vqa, train %s: saved and taken up again it learns the same; held-out accuracy",
  async (train) => {
    const small = join(folder, "small");
    await writeSmallModel(small, { like: `${weights}albef-mini` });
    using own = await Albef.fromPretrained(small, { device: "wasm" });
    const items: QuestionItem[] = things.flatMap(({ word, shown: image }, i) => [
      { image, imageId: word, question: "what is it", answer: [word, word, "a thing"] },
      { image, imageId: word, question: "how many", answer: i % 2 === 0 ? "1" : "2" },
    ]);
    const learning = { epochs: 2, batchSize: 4, learningRate: 1e-3, dropout: 0.1, train } as const;
    const options = { task: "vqa", heldOut: 0.25, ...learning } as const;
    using whole = await own.finetune(items, options);
    const accuracies: number[] = [];
    for await (const { heldOut } of whole) if (heldOut) accuracies.push(heldOut.accuracy);
    expect(accuracies).toHaveLength(2);
    for (const accuracy of [whole.before!.accuracy, ...accuracies]) expect(accuracy % 25).toBe(0); // of 4 questions
    using part = await own.finetune(items, options);
    for await (const { step } of part) if (step === 2) break;
    using rest = await own.finetune(items, { ...options, resume: await part.save() });
    for await (const _step of rest);
    expect(await (await rest.save()).arrayBuffer()).toEqual(await (await whole.save()).arrayBuffer());
    const adapter = await rest.adapter();
    const { tensors } = await openSafetensors(byteSource(adapter, "adapter"));
    expect(tensors.has("text_decoder.bert.encoder.layer.0.output.dense.lora_B.weight")).toBe(train === "lora");
    const { vocab_size: words } = JSON.parse(readFileSync(join(small, "config.json"), "utf8"));
    const embeddings = words * 32 * 4; // bytes of the decoder's, which adapters leave alone
    expect(rest.memory.weights < embeddings).toBe(train === "lora");
    using tuned = await own.withAdapter(adapter);
    expect(await tuned.answer(things[0]!.shown, "how many", { candidates: ["1", "2"] })).toHaveLength(2);
  },
);

test("items and tasks that cannot be learnt are refused", async () => {
  const [{ shown: image }] = things as [(typeof things)[number]];
  const entailment = [{ image, text: "a turtle", label: "perhaps" as "neutral" }];
  await expect(model.finetune(entailment, { task: "entailment" })).rejects.toThrow(
    "label of item 1 must be contradiction",
  );
  await expect(model.finetune([{ image, question: "what", answer: " " }], { task: "vqa" })).rejects.toThrow(
    "has no answer",
  );
  await expect(model.finetune([], { task: "counting" as "vqa" })).rejects.toThrow("task must be entailment or vqa");
});
