import { cocoRows, isCoco } from "./coco.ts";
import { DatasetError } from "./errors.ts";
import type { DatasetRow } from "./row.ts";

/** How a list is written, by the ending of its name. */
export const LISTS: Readonly<Record<string, (file: Blob, name: string) => AsyncIterable<DatasetRow>>> = {
  csv: csvRows,
  jsonl: jsonlRows,
  json: jsonRows,
};

/** CSV as in RFC 4180 with a header that names `image`, `caption` and, where there is one, `image_id`. */
async function* csvRows(file: Blob, name: string): AsyncGenerator<DatasetRow> {
  let columns: { readonly image: number; readonly caption: number; readonly id: number } | undefined;
  for await (const { cells, line } of csvRecords(file, name)) {
    if (!columns) {
      columns = { image: cells.indexOf("image"), caption: cells.indexOf("caption"), id: cells.indexOf("image_id") };
      if (columns.image < 0 || columns.caption < 0) {
        throw new DatasetError(
          `${name}: its first line must name the columns image and caption, got ${cells.join(",")}`,
        );
      }
    } else {
      const [image, caption] = [cells[columns.image], cells[columns.caption]];
      if (image === undefined || caption === undefined) {
        throw new DatasetError(`${name}: line ${line} must hold an image and a caption, got ${cells.join(",")}`);
      }
      yield { image, captions: [caption], imageId: cells[columns.id] };
    }
  }
}

/** Records with the lines they begin at. Quoted cells may hold commas, line breaks and doubled quotes. */
async function* csvRecords(file: Blob, name: string) {
  let [cells, cell, line, begin]: [string[], string, number, number] = [[], "", 1, 1];
  let state: "plain" | "quoted" | "closed" = "plain";
  for await (const text of textOf(file)) {
    for (const character of text) {
      if (character === "\n") line++;
      if (state === "quoted") {
        if (character === '"') state = "closed";
        else cell += character;
      } else if (character === '"' && (state === "closed" || cell === "")) {
        if (state === "closed") cell += '"'; // a doubled quote
        state = "quoted";
      } else if (character === ",") {
        cells.push(cell);
        [cell, state] = ["", "plain"];
      } else if (character === "\n") {
        if (cells.length > 0 || cell !== "") yield { cells: [...cells, cell], line: begin };
        [cells, cell, state, begin] = [[], "", "plain", line];
      } else if (character !== "\r") cell += character;
    }
  }
  if (state === "quoted") throw new DatasetError(`${name}: the quote of line ${begin} is never closed`);
  if (cells.length > 0 || cell !== "") yield { cells: [...cells, cell], line: begin };
}

/** One object a line, of the form of official annotations. */
async function* jsonlRows(file: Blob, name: string): AsyncGenerator<DatasetRow> {
  let rest = "";
  let line = 0;
  for await (const text of textOf(file)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const one of lines) yield* jsonLine(one, `${name}: line ${++line}`);
  }
  yield* jsonLine(rest, `${name}: line ${line + 1}`);
}

function* jsonLine(text: string, where: string): Generator<DatasetRow> {
  if (text.trim() !== "") yield rowOf(parsed(text, where), where);
}

/** Official ALBEF annotations, a list of {image, caption: text or list of texts, image_id?}, or COCO captions. */
async function* jsonRows(file: Blob, name: string): AsyncGenerator<DatasetRow> {
  const entries = parsed(await file.text(), name);
  if (isCoco(entries)) return yield* cocoRows(entries, name);
  if (!Array.isArray(entries)) {
    throw new DatasetError(`${name}: must hold a list of {image, caption}, or COCO's images and annotations`);
  }
  for (const [index, entry] of entries.entries()) yield rowOf(entry, `${name}: entry ${index}`);
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DatasetError(`${where} is not JSON (${(cause as Error).message})`, { cause });
  }
}

function rowOf(entry: unknown, where: string): DatasetRow {
  const { image, caption, image_id: id } = (entry ?? {}) as Record<string, unknown>;
  const captions = typeof caption === "string" ? [caption] : caption;
  const isId = id === undefined || typeof id === "string" || typeof id === "number";
  if (typeof image !== "string" || !isTexts(captions) || !isId) {
    throw new DatasetError(`${where} must hold an image path and a caption or several, got ${JSON.stringify(entry)}`);
  }
  return { image, captions, imageId: id === undefined ? undefined : String(id) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

async function* textOf(file: Blob): AsyncGenerator<string> {
  const decoder = new TextDecoder(); // drops a byte order mark
  const reader = file.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    yield decoder.decode(part.value, { stream: true });
  }
  yield decoder.decode();
}
