import { existsSync, openAsBlob } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readDataset } from "../datasets/index.ts";
import { LISTS } from "../datasets/rows.ts";
import { replaceFile } from "../storage/atomic-file.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./terminal.ts";

interface Row {
  readonly image: string;
  readonly caption: string;
}

export const pairs: Command = {
  usage: `albef pairs --from FOLDER [options]
  --from FOLDER   pictures, in folders within too; name.txt beside name.jpg is taken for its captions
  --out FILE      the list, to fill in and to train with (FOLDER/captions.csv); what it holds already stays as it is`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { from: { type: "string" }, out: { type: "string" } },
    });
    if (values.from === undefined || positionals.length > 0) throw new UsageError("name a folder by --from");
    const out = values.out ?? join(values.from, "captions.csv");
    if (!out.endsWith(".csv")) throw new UsageError(`--out must end in .csv, got ${out}`);
    const kept = existsSync(out) ? await rowsOf(out) : [];
    const known = new Set(kept.map(({ image }) => image));
    const rows = [...kept, ...(await pictures(values.from)).filter(({ image }) => !known.has(image))];
    await replaceFile(out, [new TextEncoder().encode(csvOf(rows))]);
    const open = rows.filter(({ caption }) => caption.trim() === "").length;
    const place = relative(resolve(values.from), resolve(out)) === basename(out) ? "" : ` --images ${values.from}`;
    console.log(`${out}: ${rows.length} rows, ${rows.length - kept.length} of them new, ${open} without a caption`);
    console.log(`when they have one: npx albef train MODEL --data ${out}${place}`);
  },
};

/** Every picture of a folder, with the captions beside it or an empty one. */
async function pictures(folder: string): Promise<Row[]> {
  const bare: Row[] = [];
  const captioned: Row[] = [];
  const onSkip = ({ id }: { readonly id: string }) => void bare.push({ image: id, caption: "" });
  for await (const { id, caption } of readDataset(folder, { onSkip })) captioned.push({ image: id!, caption });
  return [...captioned, ...bare].sort((a, b) => (a.image < b.image ? -1 : Number(a.image > b.image)));
}

async function rowsOf(list: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { image, captions } of LISTS.csv!(await openAsBlob(list), list)) {
    rows.push(...captions.map((caption) => ({ image, caption })));
  }
  return rows;
}

/** RFC 4180, as spreadsheets read it: UTF-8 with a byte order mark. */
function csvOf(rows: readonly Row[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map(({ image, caption }) => `${cell(image)},${cell(caption)}`);
  return `\ufeff${["image,caption", ...lines].join("\r\n")}\r\n`;
}
