import { describe, expect, test } from "vitest";
import type { NamedTensor } from "../executor.ts";
import type { DType } from "../spec.ts";
import { testRandom } from "../testing/random.ts";
import { byteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";
import { openSafetensors } from "./safetensors.ts";
import { safetensorsBlob, writableTensor } from "./safetensors-writer.ts";

const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, u32: Uint32Array } as const;
const NAMES = ["__proto__", "constructor", "toString", "", " ", "ünïcödé 🙂", '"quoted"\n', "a.b/../c", "\u0000"];

/** Tensors of every dtype, with any bits (subnormals, infinities and NaN with payload too), any rank, some empty. */
function randomTensors(seed: number): NamedTensor[] {
  const random = testRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  return Array.from({ length: below(7) }, (_, i) => {
    const dtype = (["f32", "f16", "i32", "u32"] as const satisfies readonly DType[])[below(4)]!;
    const shape = Array.from({ length: below(4) }, () => below(5));
    const count = shape.reduce((product, extent) => product * extent, 1);
    const bits = Uint32Array.from({ length: count }, () => random() * 2 ** 32);
    const data = dtype === "f16" ? Uint16Array.from(bits) : new ARRAYS[dtype](bits.buffer);
    return { name: `${NAMES[below(NAMES.length)]}${i || ""}`, dtype, shape, data };
  });
}

const bytesOf = ({ data }: NamedTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
const written = async (tensors: readonly NamedTensor[], metadata = {}) =>
  new Uint8Array(await (await safetensorsBlob(tensors.map(writableTensor), metadata)).arrayBuffer());
const open = (bytes: Uint8Array) => openSafetensors(byteSource(bytes, "test"));

function file(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test("whatever is written comes back bit by bit: 300 files drawn at random", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const tensors = randomTensors(seed);
    const read = await open(await written(tensors, { seed: String(seed) }));
    expect([...read.tensors.keys()].sort(), `seed ${seed}`).toEqual(tensors.map(({ name }) => name).sort());
    expect(read.metadata).toEqual({ seed: String(seed) });
    for (const tensor of tensors) {
      const { dtype, shape, ...rest } = await read.read(tensor.name);
      expect([dtype, shape, bytesOf({ dtype, shape, ...rest })]).toEqual([tensor.dtype, tensor.shape, bytesOf(tensor)]);
    }
  }
});

test("1000 files with bytes of their header flipped: read whole, or refused with a WeightError, never anything else", async () => {
  let refused = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const random = testRandom(seed);
    const bytes = await written(randomTensors(seed % 50), { a: "b" });
    const headerBytes = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    for (let i = 0; i <= seed % 3; i++) bytes[Math.floor(random() * headerBytes)]! ^= 1 << Math.floor(random() * 8);
    try {
      const read = await open(bytes);
      let covered = 0;
      for (const [name, { sizeBytes }] of read.tensors) {
        covered += sizeBytes;
        await read.read(name);
      }
      const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
      expect(covered, `seed ${seed}`).toBe(bytes.length - header);
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(WeightError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(500);
});

test("halves of both kinds, subnormals too, and tensors that begin at odd bytes, are read bit by bit", async () => {
  const header =
    '{"flag":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[1,9]},' +
    '"h":{"dtype":"F16","shape":[3],"data_offsets":[9,15]},"d":{"dtype":"F64","shape":[1],"data_offsets":[15,23]}}';
  for (const space of ["", " ", "  "]) {
    const bytes = file(header + space, 23);
    const view = new DataView(bytes.buffer, bytes.length - 23);
    view.setUint8(0, 1);
    for (const [i, bits] of [0x0001, 0x807f, 0x3f80, 0xff80].entries()) view.setUint16(1 + 2 * i, bits, true);
    for (const [i, bits] of [0x0001, 0x83ff, 0x7c00].entries()) view.setUint16(9 + 2 * i, bits, true);
    view.setFloat64(15, 0.1, true);
    const read = await open(bytes);
    expect([...(await read.read("b")).data]).toEqual([2 ** -133, -127 * 2 ** -133, 1, -Infinity]);
    expect((await read.read("h")).data).toEqual(Uint16Array.of(0x0001, 0x83ff, 0x7c00));
    expect([...(await read.read("d")).data]).toEqual([Math.fround(0.1)]);
    expect([...(await read.read("flag")).data]).toEqual([1]);
  }
});

describe("headers made to mislead", () => {
  const entry = (begin: number, end: number) => `{"dtype":"F32","shape":[1],"data_offsets":[${begin},${end}]}`;
  test.each<[string, string, number]>([
    ["a byte order mark", `\uFEFF{"a":${entry(0, 4)}}`, 4],
    ["offsets that are fractions", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0.5,4.5]}}`, 5],
    ["offsets beyond 2^53", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740992,9007199254740996]}}`, 4],
    ["an offset of 1e400", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e400]}}`, 4],
    ["NaN", `{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}`, 4],
    ["one key twice in an entry", `{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,8]}}`, 8],
    ["one key twice, once escaped", `{"a":${entry(0, 4)},"\\u0061":${entry(4, 8)}}`, 8],
    ["one key twice, with space in front of the colon", `{"a" ${" ".repeat(99)}:${entry(0, 4)},"a":${entry(0, 4)}}`, 4],
    ["metadata twice", `{"__metadata__":{},"__metadata__":{},"a":${entry(0, 4)}}`, 4],
    ["an entry under __proto__ that is none", `{"__proto__":{"x":1}}`, 0],
    ["lists nested 100,000 deep", `{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, 0],
  ])("%s", async (_title, header, dataBytes) => {
    await expect(open(file(header, dataBytes))).rejects.toThrow(WeightError);
  });

  test("a header of 100 MB and one byte", async () => {
    const source = { ...byteSource(new Uint8Array(8)), size: 2e8 };
    const claims = (length: bigint) => ({
      ...source,
      async read(_offset: number, bytes: number) {
        if (bytes > 8) throw new Error("the header was read");
        return new Uint8Array(new BigUint64Array([length]).buffer);
      },
    });
    await expect(openSafetensors(claims(100_000_001n))).rejects.toThrow(/claims 100000001 bytes/);
    await expect(openSafetensors(claims(100_000_000n))).rejects.toThrow("the header was read");
  });

  test("100,000 tensors over the same bytes are refused in linear time", async () => {
    const same = Array.from({ length: 1e5 }, (_, i) => `"t${i}":${entry(0, 4)}`);
    const begun = performance.now();
    await expect(open(file(`{${same}}`, 4))).rejects.toThrow(/overlaps the tensor before it/);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test("a tensor called __proto__ is a tensor like any other", async () => {
    const read = await open(file(`{"__proto__":${entry(0, 4)}}`, 4));
    expect([...read.tensors.keys()]).toEqual(["__proto__"]);
    expect((await read.read("__proto__")).data).toEqual(Float32Array.of(0));
  });

  test("a name that the format keeps to itself is not written", async () => {
    const tensor = { name: "__metadata__", dtype: "f32", shape: [1], data: Float32Array.of(1) } as const;
    await expect(written([tensor])).rejects.toThrow(/keeps this name to itself/);
  });
});
