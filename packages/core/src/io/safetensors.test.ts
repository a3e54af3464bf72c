import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { byteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";
import { openSafetensors } from "./safetensors.ts";
import { safetensorsBlob, writableTensor } from "./safetensors-writer.ts";

const fixtures = new URL("../../../../fixtures/", import.meta.url);

function file(header: unknown, dataBytes: number, rawHeader?: string): Uint8Array {
  const json = new TextEncoder().encode(rawHeader ?? JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const open = (bytes: Uint8Array) => openSafetensors(byteSource(bytes, "test"));
const tensor = (begin: number, end: number, shape = [1], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test("reads the recorded weights", async () => {
  const bytes = await readFile(new URL("tiny/weights.safetensors", fixtures));
  const weights = await open(bytes);
  expect(weights.tensors.get("visual_encoder.cls_token")).toMatchObject({ dtype: "F32", shape: [1, 1, 48] });
  const { data } = await weights.read("visual_encoder.cls_token");
  expect(data).toHaveLength(48);
  expect(data.every((value) => Number.isFinite(value))).toBe(true);
});

test("what is written comes back", async () => {
  const tensors = [
    { name: "a", dtype: "f32", shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) },
    { name: "b", dtype: "f16", shape: [3], data: Uint16Array.of(0x3c00, 0, 0x7bff) },
    { name: "c", dtype: "i32", shape: [], data: Int32Array.of(-7) },
  ] as const;
  const blob = await safetensorsBlob(tensors.map(writableTensor), { made: "here" });
  const read = await openSafetensors(byteSource(blob));
  expect(read.metadata).toEqual({ made: "here" });
  for (const expected of tensors) expect(await read.read(expected.name)).toEqual(expected);
});

test("bf16 and i64 are converted", async () => {
  const bytes = file({ x: tensor(0, 4, [2], "BF16"), n: tensor(4, 12, [1], "I64") }, 12);
  const view = new DataView(bytes.buffer, bytes.length - 12);
  view.setUint16(0, 0x3f80, true);
  view.setUint16(2, 0xc040, true);
  view.setBigInt64(4, -5n, true);
  const weights = await open(bytes);
  expect([...(await weights.read("x")).data]).toEqual([1, -3]);
  expect([...(await weights.read("n")).data]).toEqual([-5]);
});

describe("malformed files are refused", () => {
  const cases: Record<string, Uint8Array> = {
    empty: new Uint8Array(0),
    "shorter than the length field": new Uint8Array(5),
    "header longer than the file": (() => {
      const bytes = file({}, 0);
      new DataView(bytes.buffer).setBigUint64(0, 1000n, true);
      return bytes;
    })(),
    "header of 2^63 bytes": (() => {
      const bytes = file({}, 0);
      new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
      return bytes;
    })(),
    "header of no bytes": file({}, 0, ""),
    "not JSON": file({}, 0, "{nonsense"),
    "not UTF-8": (() => {
      const bytes = file({}, 0, '{"aa":1}');
      bytes[10] = 0xff;
      return bytes;
    })(),
    "a JSON list": file({}, 0, "[1,2]"),
    "a JSON null": file({}, 0, "null"),
    "leading white space": file({}, 0, "  {}"),
    "duplicate names": file({}, 4, `{"a":${JSON.stringify(tensor(0, 4))},"a":${JSON.stringify(tensor(0, 4))}}`),
    "unknown dtype": file({ a: tensor(0, 4, [1], "F31") }, 4),
    "dtype of the prototype": file({ a: tensor(0, 4, [1], "toString") }, 4),
    "negative extent": file({ a: tensor(0, 4, [-1]) }, 4),
    "fractional extent": file({ a: tensor(0, 4, [1.5]) }, 4),
    "shape that is no list": file({ a: { dtype: "F32", shape: "1", data_offsets: [0, 4] } }, 4),
    "one offset": file({ a: { dtype: "F32", shape: [1], data_offsets: [0] } }, 4),
    "offsets backwards": file({ a: tensor(4, 0) }, 4),
    "offsets that do not fit the shape": file({ a: tensor(0, 8) }, 8),
    "offset past the end": file({ a: tensor(0, 4) }, 2),
    "element count that overflows": file({ a: tensor(0, 4, [2 ** 31, 2 ** 31, 2 ** 31]) }, 4),
    "overlapping tensors": file({ a: tensor(0, 8, [2]), b: tensor(4, 12, [2]) }, 12),
    "a hole": file({ a: tensor(0, 4), b: tensor(8, 12) }, 12),
    "a tail": file({ a: tensor(0, 4) }, 8),
    "no entry object": file({ a: 5 }, 0),
    "metadata that is no map of strings": file({ __metadata__: { a: 1 } }, 0),
  };
  for (const [title, bytes] of Object.entries(cases)) {
    test(title, () => expect(open(bytes)).rejects.toThrow(WeightError));
  }
});
