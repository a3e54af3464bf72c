import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrainingPair } from "../training/types.ts";
import { DatasetError, type DatasetOptions, type DatasetSource, readDataset } from "./index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "albef-datasets-"));
  mkdirSync(join(folder, "photos", "sea"), { recursive: true });
  const files = {
    "photos/cat.jpg": "c",
    "photos/cat.txt": "a cat\nour cat\n",
    "photos/sea/boat.PNG": "b",
    "photos/sea/boat.txt": "a boat",
    "photos/lonely.webp": "l",
    "rows.csv":
      '\ufeffcaption,image,image_id\r\n"a ""big"", red\nboat",photos/sea/boat.PNG,7\r\na 5" cat,photos/cat.jpg,8\r\n\r\n',
    "rows.jsonl":
      '{"image": "cat.jpg", "caption": "a cat"}\n\n{"image": "sea/boat.PNG", "caption": ["a boat", "at sea"]}',
    "official.json": JSON.stringify([
      { image: "photos/cat.jpg", caption: ["a cat", "two"], image_id: "coco_1" },
      { image: "photos/sea/boat.PNG", caption: "a boat", image_id: 9 },
    ]),
    "coco.json": JSON.stringify({
      info: {},
      images: [
        { id: 9, file_name: "photos/cat.jpg" },
        { id: 25, file_name: "gone.jpg" },
        { id: 3, file_name: "photos/sea/boat.PNG" },
      ],
      annotations: [
        { id: 1, image_id: 3, caption: "a boat" },
        { id: 2, image_id: 9, caption: "a cat" },
        { id: 3, image_id: 3, caption: "at sea" },
      ],
    }),
    "coco-image.json": JSON.stringify({ images: [{ id: 9 }], annotations: [] }),
    "coco-caption.json": JSON.stringify({
      images: [{ id: 9, file_name: "a" }],
      annotations: [{ image_id: 8, caption: "x" }],
    }),
    "torn.jsonl": '{"image": "cat.jpg", "caption": "a cat"}\n{"image": "cat.jpg"',
    "columns.csv": "picture,caption\na,b\n",
    "short.csv": "image,caption\na\n",
    "quote.csv": 'image,caption\na,"b\n',
    "numbers.json": '[{"image": "a", "caption": ["x"]}, {"image": 3, "caption": "y"}]',
    "object.json": "{}",
    "list.txt": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function all(source: DatasetSource, options?: DatasetOptions): Promise<TrainingPair[]> {
  const pairs: TrainingPair[] = [];
  for await (const pair of readDataset(source, options)) pairs.push(pair);
  return pairs;
}

const told = (pairs: readonly TrainingPair[]) => pairs.map(({ id, caption, imageId }) => [id, caption, imageId]);

test("a folder: every picture with the captions beside it; one without is named", async () => {
  const skipped: string[] = [];
  const pairs = await all(join(folder, "photos"), { onSkip: ({ id, reason }) => skipped.push(`${id}: ${reason}`) });
  expect(told(pairs)).toEqual([
    ["cat.jpg", "a cat", "cat.jpg"],
    ["cat.jpg", "our cat", "cat.jpg"],
    ["sea/boat.PNG", "a boat", "sea/boat.PNG"],
  ]);
  expect(readFileSync(pairs[2]!.image as URL, "utf8")).toBe("b");
  expect(skipped).toEqual(["lonely.webp: there is no lonely.txt"]);
});

test("CSV: quoted cells, empty lines, ids; JSONL and official JSON: one caption or several", async () => {
  expect(told(await all(join(folder, "rows.csv")))).toEqual([
    ["photos/sea/boat.PNG", 'a "big", red\nboat', "7"],
    ["photos/cat.jpg", 'a 5" cat', "8"],
  ]);
  expect(told(await all(join(folder, "rows.jsonl"), { images: join(folder, "photos") }))).toEqual([
    ["cat.jpg", "a cat", "cat.jpg"],
    ["sea/boat.PNG", "a boat", "sea/boat.PNG"],
    ["sea/boat.PNG", "at sea", "sea/boat.PNG"],
  ]);
  expect(told(await all(join(folder, "official.json")))).toEqual([
    ["photos/cat.jpg", "a cat", "coco_1"],
    ["photos/cat.jpg", "two", "coco_1"],
    ["photos/sea/boat.PNG", "a boat", "9"],
  ]);
});

test("COCO captions: pictures in the file's order, each with all its captions", async () => {
  expect(told(await all(join(folder, "coco.json")))).toEqual([
    ["photos/cat.jpg", "a cat", "9"],
    ["photos/sea/boat.PNG", "a boat", "3"],
    ["photos/sea/boat.PNG", "at sea", "3"],
  ]);
});

test("picked files: by name, with a list or with captions beside pictures", async () => {
  const file = (name: string, text: string) => new File([text], name);
  const beside = [file("b.txt", "a boat"), file("b.png", "b")];
  expect(told(await all(beside))).toEqual([["b.png", "a boat", "b.png"]]);
  const skipped: string[] = [];
  const listed = [file("x.csv", "image,caption\nphotos/b.png,a boat\ngone.png,nothing\n"), beside[1]!];
  const pairs = await all(listed, { onSkip: ({ id }) => skipped.push(id) });
  expect(pairs[0]!.image).toBe(beside[1]);
  expect([pairs.length, skipped]).toEqual([1, ["gone.png"]]);
  await expect(all([file("a.csv", ""), file("b.json", "")])).rejects.toThrow("hold several lists (a.csv, b.json)");
});

describe("what is no dataset is told with its file and line", () => {
  test.each([
    ["nowhere", "there is no such file or folder"],
    ["list.txt", "ends in .csv, .jsonl or .json"],
    ["torn.jsonl", "torn.jsonl: line 2 is not JSON"],
    ["columns.csv", "must name the columns image and caption, got picture,caption"],
    ["short.csv", "short.csv: line 2 must hold an image and a caption"],
    ["quote.csv", "the quote of line 2 is never closed"],
    ["numbers.json", "numbers.json: entry 1 must hold an image path"],
    ["object.json", "object.json: must hold a list"],
    ["coco-image.json", "image 0 must hold an id and a file_name"],
    ["coco-caption.json", "annotation 0 must hold a caption and the id of an image"],
  ])("%s", async (name, problem) => {
    await expect(all(join(folder, name))).rejects.toThrow(DatasetError);
    await expect(all(join(folder, name))).rejects.toThrow(problem);
  });

  test("a folder without pictures", async () => {
    mkdirSync(join(folder, "empty"));
    await expect(all(join(folder, "empty"))).rejects.toThrow("holds no picture");
  });
});
