import { writeFileSync } from "node:fs";
import { evaluateGrounding } from "../evaluate/grounding.ts";
import { parseJson } from "../evaluate/json-list.ts";
import { readReferences } from "../evaluate/refcoco-annotations.ts";
import type { Command } from "./command.ts";
import { EVAL_USAGE, evalArguments, imagesIn, textOf, withModel } from "./eval-options.ts";
import { progressBar, table, UsageError } from "./terminal.ts";

const FILES = ["annotations", "refs", "instances", "detections"] as const;
const FAITHFUL = "--faithful";

export const evalRefcoco: Command = {
  usage: `albef eval refcoco MODEL --annotations FILE.json --refs FILE.json --instances FILE.json
                   --detections FILE.json --images FOLDER [options]
  --mode NAME     itm (through the matching score, the default) or itc (through the contrast)
  --layer N       fusion layer, with itc block of the image encoder (8 in ALBEF-base)
  --faithful      only boxes with a score above 0 are chosen, else the phrase before's, as official
  --json FILE     also write the figures there
${EVAL_USAGE}
The refs are what refs(unc).p holds, as JSON:
  python3 -c "import json,pickle; json.dump(pickle.load(open('refs(unc).p','rb')), open('refs.json','w'))"`,
  async run(args) {
    const rest = args.filter((arg) => arg !== FAITHFUL);
    const call = evalArguments(rest, [...FILES, "images"], ["mode", "layer", "json"]);
    const { mode = "itm", layer, json } = call.values;
    if (mode !== "itm" && mode !== "itc") throw new UsageError(`--mode must be itm or itc, got ${mode}`);
    const [annotations, refs, instances, detections] = FILES.map((name) => {
      const path = call.values[name]!;
      return parseJson(textOf(path), path);
    });
    const references = readReferences({ annotations, refs, instances, detections });
    await withModel(call, async (model) => {
      const bar = progressBar("grounding");
      const { accuracy } = await evaluateGrounding(model, references, {
        ...{ mode, faithful: args.includes(FAITHFUL), ...(layer !== undefined && { layer: Number(layer) }) },
        ...{ open: imagesIn(call), onProgress: bar.update },
      });
      bar.end();
      const rows = Object.entries(accuracy).map(([split, share]) => [split, (100 * share).toFixed(2)]);
      console.log(`${references.length} phrases, mode ${mode}\n${table([["", "found"], ...rows])}`);
      if (json) writeFileSync(json, `${JSON.stringify({ mode, accuracy }, null, 2)}\n`);
    });
  },
};
