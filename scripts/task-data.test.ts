import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseNlvr } from "../packages/albef/src/evaluate/nlvr-annotations.ts";
import { readReferences } from "../packages/albef/src/evaluate/refcoco-annotations.ts";
import {
  parseAnswerAnnotations,
  parseAnswerList,
  parseEntailment,
  parseQuestions,
} from "../packages/albef/src/evaluate/task-annotations.ts";

const folder = fileURLToPath(new URL("../weights/tasks/", import.meta.url));
const textOf = (name: string) => readFileSync(folder + name, "utf8");
const read = <T>(name: string): T => JSON.parse(textOf(name)) as T;
const parts = ["train", "held-out"] as const;

interface Question {
  readonly question_id: number;
  readonly image: string;
  readonly answer?: readonly string[];
}
interface Answered {
  readonly question_id: number;
  readonly answers: readonly { readonly answer: string }[];
}
interface Instances {
  readonly images: readonly { readonly id: number; readonly file_name: string }[];
  readonly annotations: readonly { readonly id: number; readonly image_id: number; readonly bbox: readonly number[] }[];
}

test("no picture of the task data is in both parts", () => {
  const hashes = parts.map((part) =>
    readdirSync(folder + part).map((file) =>
      createHash("sha256")
        .update(readFileSync(`${folder}${part}/${file}`))
        .digest("hex"),
    ),
  );
  expect(new Set(hashes.flat()).size).toBe(hashes.flat().length);
  expect(hashes.map((list) => list.length)).toEqual([160, 80]);
});

test.each(parts)("%s: every annotation names a picture that is there, labels are balanced", (part) => {
  const there = new Set(readdirSync(folder + part).map((file) => `${part}/${file}`));
  const ve = read<{ image: string; label: string }[]>(`ve-${part}.json`);
  const nlvr2 = read<{ images: string[]; label: string }[]>(`nlvr2-${part}.json`);
  const named = [
    ...read<Question[]>(`vqa-${part}.json`).map(({ image }) => image),
    ...ve.map(({ image }) => image),
    ...nlvr2.flatMap(({ images }) => images),
    ...read<{ image: string }[]>(`refcoco-${part}.json`).map(({ image }) => image),
  ];
  expect(named.filter((image) => !there.has(image))).toEqual([]);
  const share = (list: readonly { label: string }[], label: string) =>
    list.filter((entry) => entry.label === label).length / list.length;
  for (const label of ["entailment", "neutral", "contradiction"]) expect(share(ve, label)).toBeCloseTo(1 / 3, 10);
  for (const label of ["True", "False"]) expect(share(nlvr2, label)).toBe(0.5);
});

test("every answer is on the answer list, and every held-out question is answered", () => {
  const listed = new Set(read<string[]>("answer-list.json"));
  const trained = read<Question[]>("vqa-train.json").flatMap(({ answer }) => answer!);
  const { annotations } = read<{ annotations: Answered[] }>("vqa-held-out-annotations.json");
  const asked = read<Question[]>("vqa-held-out.json").map((question) => question.question_id);
  expect(annotations.map((entry) => entry.question_id)).toEqual(asked);
  const answers = [...trained, ...annotations.flatMap((entry) => entry.answers.map(({ answer }) => answer))];
  expect(answers.filter((answer) => !listed.has(answer))).toEqual([]);
});

test("every referred box is among the proposals of its picture, a pixel or two off", () => {
  const dets = read<Record<string, number[][]>>("refcoco-dets.json");
  const { images, annotations } = read<Instances>("refcoco-instances.json");
  const refs = read<{ ref_id: number; ann_id: number; image_id: number }[]>("refcoco-refs.json");
  const expressions = read<{ ref_id: number; image: string }[]>("refcoco-held-out.json");
  for (const { ref_id, image } of expressions) {
    const ref = refs.find((entry) => entry.ref_id === ref_id)!;
    const { bbox } = annotations.find((entry) => entry.id === ref.ann_id)!;
    expect(images.find((entry) => entry.id === ref.image_id)!.file_name).toBe(image);
    const furthest = dets[String(ref.image_id)]!.map((box) => Math.max(...box.map((v, i) => Math.abs(v - bbox[i]!))));
    expect(Math.min(...furthest)).toBeLessThanOrEqual(2);
  }
});

test.each(parts)("%s: `albef eval` of each task reads the files as they are", (part) => {
  const parsed = <T>(parse: (json: string, where: string) => T, name: string) => parse(textOf(name), name);
  const sizes = { train: [480, 457, 320], "held-out": [240, 229, 160] };
  const entailment = parsed(parseEntailment, `ve-${part}.json`);
  const lists = [entailment, parsed(parseQuestions, `vqa-${part}.json`), parsed(parseNlvr, `nlvr2-${part}.json`)];
  expect(lists.map((list) => list.length)).toEqual(sizes[part]);
  expect(entailment[0]!.image).toBe(`${part}/00000.webp`);
});

test("`albef eval vqa` and `albef eval refcoco` read the other files as they are", () => {
  const said = parseAnswerAnnotations(textOf("vqa-held-out-annotations.json"), "annotations");
  expect(said.get("1000001")!.answers).toEqual(Array(10).fill("turtle"));
  expect(parseAnswerList(textOf("answer-list.json"), "answers")).toHaveLength(59);
  const [annotations, refs, instances, detections] = ["held-out", "refs", "instances", "dets"].map((name) =>
    read(`refcoco-${name}.json`),
  );
  const references = readReferences({ annotations, refs, instances, detections });
  expect(references).toHaveLength(104);
  expect(references.filter(({ proposals }) => proposals.length < 2)).toEqual([]);
});
