import { writeFileSync } from "node:fs";
import { ENTAILMENT_LABELS } from "@albef/heads";
import { type EntailmentMetrics, evaluateEntailment } from "../evaluate/entailment.ts";
import { parseEntailment } from "../evaluate/task-annotations.ts";
import type { Command } from "./command.ts";
import { EVAL_USAGE, evalArguments, imagesIn, textOf, withModel } from "./eval-options.ts";
import { progressBar, table } from "./terminal.ts";

export const evalVe: Command = {
  usage: `albef eval ve MODEL --annotations FILE.json --images FOLDER [options]
  --json FILE     also write the figures there
${EVAL_USAGE}`,
  async run(args) {
    const call = evalArguments(args, ["annotations", "images"], ["json"]);
    const { annotations, json } = call.values;
    const entries = parseEntailment(textOf(annotations!), annotations!);
    await withModel(call, async (model) => {
      const bar = progressBar("entailment");
      const metrics = await evaluateEntailment(model, entries, { read: imagesIn(call), onProgress: bar.update });
      bar.end();
      console.log(report(metrics, entries.length));
      if (json) writeFileSync(json, `${JSON.stringify(metrics, null, 2)}\n`);
    });
  },
};

function report({ accuracy, given }: EntailmentMetrics, count: number): string {
  const rows = ENTAILMENT_LABELS.map((label) => [
    label,
    ...ENTAILMENT_LABELS.map((named) => String(given[label][named])),
  ]);
  return `${count} sentences, accuracy ${accuracy.toFixed(2)}\n${table([["is \\ said", ...ENTAILMENT_LABELS], ...rows])}`;
}
