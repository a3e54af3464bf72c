/**
 * What albef-mini learns of the downstream tasks from weights/tasks, as weights/albef-mini/README.md has it:
 *   npm run figures:tasks -- [--epochs N] [entailment] [vqa] [nlvr] [grounding]
 * Trains on wasm, and runs `albef eval` with the adapter on the held-out items and on those it learnt from.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { boxIou } from "@albef/heads";
import { Albef, type AlbefModel, type FinetuneRun, type TaskMetrics } from "albef";
import { table } from "../packages/albef/src/cli/terminal.ts";
import { parseNlvr } from "../packages/albef/src/evaluate/nlvr-annotations.ts";
import { readReferences } from "../packages/albef/src/evaluate/refcoco-annotations.ts";
import { parseEntailment } from "../packages/albef/src/evaluate/task-annotations.ts";

process.chdir(fileURLToPath(new URL("../", import.meta.url)));
const MODEL = "weights/albef-mini";
const TASKS = "weights/tasks";
const file = (name: string) => `${TASKS}/${name}.json`;
const textOf = (name: string) => readFileSync(file(name), "utf8");
const jsonOf = <T>(name: string) => JSON.parse(textOf(name)) as T;
const picture = (path: string) => openAsBlob(join(TASKS, path));

/** Not mirrored, as sentences speak of left and right; labels alone. */
const PLAIN = { augment: "none", alpha: 0, heldOut: 0, batchSize: 16, seed: 0 } as const;
/** Of the tasks with new heads: the encoders stay as they are, a few hundred scenes teach only how to speak of them. */
const LEARNING = { ...PLAIN, freeze: ["vision", "text"], learningRate: 1e-3 } as const;

/** Questions learnt from that are put again: each takes half a second on a CPU. */
const ASKED_AGAIN = 100;

interface Measure {
  readonly of: string;
  readonly items: number;
  /** Of `albef eval`. */
  readonly args: readonly string[];
  /** Percentage right by chance, without a look at the picture. */
  readonly chance?: number;
}

interface Task {
  /** Few, so that each task takes minutes on a CPU. */
  readonly epochs: number;
  learn(model: AlbefModel, epochs: number): Promise<FinetuneRun<AlbefModel, TaskMetrics>>;
  /** `folder` is for files that `albef eval` needs beside those of weights/tasks. */
  measures(folder: string): readonly Measure[];
}

interface Question {
  readonly question_id: number;
  readonly image: string;
  readonly question: string;
  readonly answer: readonly string[];
}

const entailment: Task = {
  epochs: 1,
  async learn(model, epochs) {
    const items = parseEntailment(textOf("ve-train"), "ve-train").map(async ({ image, sentence: text, label }) => ({
      ...{ image: await picture(image), imageId: image, text, label },
    }));
    return model.finetune(await Promise.all(items), { ...LEARNING, task: "entailment", epochs });
  },
  measures: () =>
    ["held-out", "train"].map((part) => ({
      ...{ of: part, items: jsonOf<unknown[]>(`ve-${part}`).length, chance: 100 / 3 },
      args: ["ve", MODEL, "--annotations", file(`ve-${part}`)],
    })),
};

const vqa: Task = {
  epochs: 1,
  async learn(model, epochs) {
    const items = jsonOf<Question[]>("vqa-train").map(async ({ image, question, answer }) => ({
      ...{ image: await picture(image), imageId: image, question, answer },
    }));
    return model.finetune(await Promise.all(items), { ...LEARNING, task: "vqa", epochs });
  },
  measures(folder) {
    const trained = jsonOf<Question[]>("vqa-train");
    const again = trained.slice(0, ASKED_AGAIN);
    const said = again.map(({ answer: [answer], ...one }) => ({ ...one, answers: Array(10).fill({ answer }) }));
    const [questions, annotations] = ["questions", "annotations"].map((name) => join(folder, `${name}.json`));
    writeFileSync(questions!, JSON.stringify(again));
    writeFileSync(annotations!, JSON.stringify({ annotations: said }));
    const heldOut = jsonOf<Question[]>("vqa-held-out");
    const args = (asked: string, said: string) => [
      ...["vqa", MODEL, "--questions", asked, "--annotations", said, "--answers", file("answer-list")],
    ];
    const given = jsonOf<{ annotations: { multiple_choice_answer: string }[] }>("vqa-held-out-annotations").annotations;
    const right = given.map((one) => one.multiple_choice_answer);
    const chance = answeredBlindly(trained, heldOut, right);
    const own = args(file("vqa-held-out"), file("vqa-held-out-annotations"));
    return [
      { of: "held-out", items: heldOut.length, args: own, chance },
      { of: "train", items: again.length, args: args(questions!, annotations!) },
    ];
  },
};

const nlvr: Task = {
  epochs: 2,
  async learn(model, epochs) {
    const items = parseNlvr(textOf("nlvr2-train"), "nlvr2-train").map(async ({ images: [a, b], text, isTrue }) => ({
      ...{ images: [await picture(a), await picture(b)] as const, imageId: `${a} ${b}`, text, isTrue },
    }));
    return model.finetune(await Promise.all(items), { ...LEARNING, task: "nlvr", epochs });
  },
  measures: () =>
    ["held-out", "train"].map((part) => ({
      ...{ of: part, items: jsonOf<unknown[]>(`nlvr2-${part}`).length, chance: 50 },
      args: ["nlvr2", MODEL, "--annotations", file(`nlvr2-${part}`)],
    })),
};

const GROUNDING = { annotations: "held-out", refs: "refs", instances: "instances", detections: "dets" } as const;

const grounding: Task = {
  epochs: 2,
  async learn(model, epochs) {
    const phrases = jsonOf<{ image: string; text: string }[]>("refcoco-train");
    const items = phrases.map(async ({ image, text }) => ({ image: await picture(image), imageId: image, text }));
    return model.finetune(await Promise.all(items), { ...PLAIN, task: "grounding", epochs });
  },
  measures() {
    const paths = Object.entries(GROUNDING).map(([name, part]) => [name, `refcoco-${part}`] as const);
    const references = readReferences({
      ...{ annotations: jsonOf("refcoco-held-out"), refs: jsonOf("refcoco-refs") },
      ...{ instances: jsonOf("refcoco-instances"), detections: jsonOf("refcoco-dets") },
    });
    const shares = references.map(
      ({ box, proposals }) => proposals.filter((one) => boxIou(one, box) >= 0.5).length / proposals.length,
    );
    const chance = (100 * shares.reduce((sum, share) => sum + share)) / shares.length;
    return ["itm", "itc"].map((mode) => ({
      ...{ of: `held-out, ${mode}`, items: references.length, chance },
      args: ["refcoco", MODEL, ...paths.flatMap(([name, path]) => [`--${name}`, file(path)]), "--mode", mode],
    }));
  },
};

/** Percentage right of always giving the answer that was most frequent in training after the same two first words. */
function answeredBlindly(trained: readonly Question[], asked: readonly Question[], right: readonly string[]): number {
  const kindOf = ({ question }: Question) => question.split(" ", 2).join(" ");
  const met = asked.filter((question, i) => {
    const alike = trained.filter((one) => kindOf(one) === kindOf(question)).map(({ answer }) => answer[0]!);
    const count = (answer: string) => alike.filter((one) => one === answer).length;
    const usual = alike.reduce((best, one) => (count(one) > count(best) ? one : best));
    return usual === right[i];
  });
  return (100 * met.length) / asked.length;
}

const CLI = ["--conditions=@albef/source", "--import", "tsx", "packages/albef/src/cli/main.ts", "eval"];
const FIGURE = /(?:accuracy|found\n.*?) +(\d+\.\d\d)/;

/** What `albef eval` prints; the percentage in it. */
function evaluate(args: readonly string[], adapter: string): string {
  const call = [...args, "--images", TASKS, "--adapter", adapter, "--device", "wasm"];
  const printed = execFileSync(process.execPath, [...CLI, ...call], { encoding: "utf8" });
  console.log(printed);
  const figure = FIGURE.exec(printed)?.[1];
  if (figure === undefined) throw new Error(`albef eval ${args[0]} printed no figure`);
  return figure;
}

async function measured(name: string, task: Task, epochs: number): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), "albef-figures-"));
  try {
    using model = await Albef.fromPretrained(MODEL, { device: "wasm" });
    using run = await task.learn(model, epochs);
    const begin = performance.now();
    for await (const { step, loss } of run) {
      if (step % 20 === 0) console.log(`${name}: step ${step} of ${run.plan.steps}, loss ${loss.toFixed(3)}`);
    }
    console.log(`${name}: ${run.plan.steps} steps in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    const adapter = join(folder, "learnt.safetensors");
    writeFileSync(adapter, Buffer.from(await (await run.adapter()).arrayBuffer()));
    return task.measures(folder).map(({ of, items, args, chance }) => {
      const right = evaluate(args, adapter);
      return [name, of, String(run.plan.steps), String(items), right, chance === undefined ? "" : chance.toFixed(1)];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const tasks: Readonly<Record<string, Task>> = { entailment, vqa, nlvr, grounding };
const { values, positionals } = parseArgs({ allowPositionals: true, options: { epochs: { type: "string" } } });
const rows: string[][] = [["task", "part", "steps", "items", "% right", "by chance"]];
for (const name of positionals.length > 0 ? positionals : Object.keys(tasks)) {
  const task = tasks[name];
  if (!task) throw new Error(`${name} is none of ${Object.keys(tasks).join(", ")}`);
  rows.push(...(await measured(name, task, Number(values.epochs ?? task.epochs))));
}
console.log(table(rows));
process.exit(0);
