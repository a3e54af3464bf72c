import { writeFileSync } from "node:fs";
import { evaluateNlvr } from "../evaluate/nlvr.ts";
import { parseNlvr } from "../evaluate/nlvr-annotations.ts";
import type { Command } from "./command.ts";
import { EVAL_USAGE, evalArguments, imagesIn, textOf, withModel } from "./eval-options.ts";
import { progressBar } from "./terminal.ts";

export const evalNlvr2: Command = {
  usage: `albef eval nlvr2 MODEL --annotations FILE.json --images FOLDER [options]
  --json FILE     also write the accuracy and the probability of each statement there
${EVAL_USAGE}`,
  async run(args) {
    const call = evalArguments(args, ["annotations", "images"], ["json"]);
    const { annotations, json } = call.values;
    const statements = parseNlvr(textOf(annotations!), annotations!);
    await withModel(call, async (model) => {
      const bar = progressBar("comparing");
      const result = await evaluateNlvr(model, statements, { open: imagesIn(call), onProgress: bar.update });
      bar.end();
      console.log(`${statements.length} statements, accuracy ${(100 * result.accuracy).toFixed(2)}`);
      if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
    });
  },
};
