import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testRandom } from "../testing/random.ts";
import { type ZipEntry, zipFile } from "../testing/zip-file.ts";
import { byteSource } from "./byte-source.ts";
import { crc32 } from "./crc32.ts";
import { WeightError } from "./errors.ts";
import { openTorchCheckpoint, type TorchCheckpoint } from "./torch-checkpoint.ts";

const folder = fileURLToPath(new URL("../../../../fixtures/pth/", import.meta.url));

const STORAGE = Uint8Array.from(new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer));
const BYTES = (values: readonly number[]) => values.map((value) => `K${String.fromCharCode(value)}`).join("");

interface View {
  readonly offset?: string;
  readonly count?: string;
  readonly shape?: string;
  readonly strides?: string;
}

/** A protocol-2 pickle of {"w": tensor}; the parts of the view are opcodes. */
function pickleOf({ offset = BYTES([0]), count = BYTES([6]), shape = BYTES([2, 3]), strides = BYTES([3, 1]) }: View) {
  const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const storage = `(${text("storage")}ctorch\nFloatStorage\n${text("0")}${text("cpu")}${count}tQ`;
  const rebuild = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}(${shape}t(${strides}t\x89)tR`;
  return latin(`\x80\x02}${text("w")}${rebuild}s.`);
}

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function entries(pickle: Uint8Array = pickleOf({})): ZipEntry[] {
  return [
    { name: "archive/data.pkl", data: pickle },
    { name: "archive/data/0", data: STORAGE },
    { name: "archive/version", data: latin("3\n") },
  ];
}

const open = (bytes: Uint8Array) => openTorchCheckpoint(byteSource(bytes, "test.pth"));

async function readAll({ tensors }: TorchCheckpoint): Promise<number> {
  let total = 0;
  for (const tensor of tensors.values()) total += (await tensor.bytes()).length;
  return total;
}

/** The entries with one of them changed. */
function changed(index: number, change: Partial<ZipEntry>): Uint8Array {
  return zipFile(entries().map((entry, i) => (i === index ? { ...entry, ...change } : entry)));
}

test("the file that the tests below damage is read", async () => {
  const { tensors } = await open(zipFile(entries()));
  expect(new Float32Array((await tensors.get("w")!.bytes()).buffer)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  expect(crc32(latin("123456789"))).toBe(0xcbf43926); // the check value of ISO 3309
});

describe("a zip file that two readers may see differently", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["another checksum of the pickle", changed(0, { central: { crc: 1 } }), /data\.pkl is damaged: its checksum is/],
    ["another checksum of a tensor", changed(1, { central: { crc: 1 } }), /data\/0 is damaged: .* expected 00000001/],
    ["another name in the record", changed(0, { local: { name: "archive/safe.pkl" } }), /calls itself "archive\/safe/],
    ["encrypted, says the directory", changed(0, { central: { flags: 1 } }), /is encrypted or patched/],
    ["encrypted, says the record", changed(1, { local: { flags: 1 } }), /is encrypted or patched/],
    ["strong encryption", changed(1, { central: { flags: 64 } }), /is encrypted or patched/],
    ["compressed, says the directory", changed(1, { central: { method: 8 } }), /is compressed/],
    ["compressed, says the record", changed(1, { local: { method: 8 } }), /is compressed, says its own header/],
    ["another size in the record", changed(1, { local: { size: 8 } }), /has another size in its own header/],
    ["a record elsewhere", changed(0, { central: { offset: 3, size: 100 } }), /is not where it should be/],
    ["a name that climbs", changed(2, { name: "archive/../version" }), /has a name that leads elsewhere/],
    ["a name from the root", changed(2, { name: "/etc/passwd" }), /has a name that leads elsewhere/],
    ["a name of Windows", changed(2, { name: "archive\\version" }), /has a name that leads elsewhere/],
    ["a record twice", zipFile([...entries(), entries()[1]!]), /data\/0 is there twice/],
    ["two pickles", zipFile([...entries(), { ...entries()[0]!, name: "other/data.pkl" }]), /holds several pickles/],
  ])("%s", async (_title, bytes, message) => {
    const reading = open(bytes).then(readAll);
    await expect(reading).rejects.toThrow(WeightError);
    await expect(reading).rejects.toThrow(message);
  });

  test("a bomb: records that lie over one another", async () => {
    const { offset, size } = { offset: 0, size: 200 };
    const bomb = Array.from({ length: 5 }, (_, i) => ({
      name: `archive/data/${i + 1}`,
      data: new Uint8Array(10),
      central: { offset, size },
    }));
    await expect(open(zipFile([...entries(), ...bomb]))).rejects.toThrow(/reaches into what follows it/);
  });

  test("the extension means nothing: a pickle under the name of an image is a pickle", async () => {
    const bytes = readFileSync(`${folder}malicious_os_system_p2_legacy.pth`);
    await expect(openTorchCheckpoint(byteSource(bytes, "cat.png"))).rejects.toThrow(/refused, its pickle imports/);
  });
});

describe("a tensor that reaches where it must not", () => {
  test.each<[string, View, RegExp]>([
    ["past its storage", { offset: BYTES([1]) }, /reaches element 6 of a storage of 6/],
    ["by its strides", { strides: BYTES([5, 1]) }, /reaches element 7 of a storage of 6/],
    ["to the left: a negative stride", { strides: "J\xff\xff\xff\xffK\x01" }, /not described as PyTorch does/],
    ["from a negative offset", { offset: "J\xfe\xff\xff\xff" }, /not described as PyTorch does/],
    ["with a negative extent", { shape: "J\xff\xff\xff\xffK\x01" }, /not described as PyTorch does/],
    ["with a fraction", { offset: "G\x3f\xe0\0\0\0\0\0\0" }, /not described as PyTorch does/],
    ["with more strides than extents", { strides: BYTES([3, 1, 1]) }, /not described as PyTorch does/],
    [
      "into a storage larger than the file's",
      { count: BYTES([7]), shape: BYTES([7, 1]), strides: BYTES([1, 1]) },
      /24 bytes of the 28/,
    ],
    [
      "over and over, from six elements to 2^40",
      { shape: "J\0\0\x10\0J\0\0\x10\0", strides: BYTES([0, 0]) },
      /repeats elements/,
    ],
    ["beyond what numbers count", { shape: "\x8a\x07\xff\xff\xff\xff\xff\xff\x0fK\x02" }, /reaches element/],
  ])("%s", async (_title, view, message) => {
    const reading = open(zipFile(entries(pickleOf(view)))).then(readAll);
    await expect(reading).rejects.toThrow(WeightError);
    await expect(reading).rejects.toThrow(message);
  });

  test("views that overlap are read: shared weights are such", async () => {
    const { tensors } = await open(zipFile(entries(pickleOf({ shape: BYTES([3, 2]), strides: BYTES([1, 1]) }))));
    expect([...new Float32Array((await tensors.get("w")!.bytes()).buffer)]).toEqual([1, 2, 2, 3, 3, 4]);
  });
});

describe("pickles that would fill memory or the stack", () => {
  const MIB = 2 ** 20;
  const pickled = (body: Uint8Array) => open(zipFile(entries(body)));
  test.each<[string, Uint8Array, RegExp]>([
    ["six million marks", new Uint8Array(6 * MIB).fill(0x28), /more than 5000000 opcodes/],
    ["six million copies", latin(`N${"2".repeat(6 * MIB)}`), /more than 5000000 opcodes/],
    ["a memo that is recalled and never filled", latin("h\x05."), /recalls value 5, which is not there/],
    ["a text of 2^63 bytes", latin("\x8d\0\0\0\0\0\0\0\x80"), /ends in the middle/],
    ["an integer of 2^31 bytes", latin("\x8b\xff\xff\xff\x7f"), /an integer of 2147483647 bytes/],
    ["an integer of -1 bytes", latin("\x8b\xff\xff\xff\xff"), /ends in the middle/],
    ["an end of nothing", latin("."), /takes a value that is not there/],
  ])("%s", async (_title, body, message) => {
    const reading = pickled(body);
    await expect(reading).rejects.toThrow(WeightError);
    await expect(reading).rejects.toThrow(message);
  });

  test("lists nested 200,000 deep, in both formats", async () => {
    const nested = `${"]".repeat(200_000)}${"a".repeat(199_999)}.`;
    await expect(pickled(latin(nested))).rejects.toThrow(/holds no state dict/);
    const machine = latin("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.");
    const legacy = Uint8Array.from([...machine, ...latin(nested), ...latin("].")]);
    await expect(open(legacy)).rejects.toThrow(/holds no state dict/);
  });
});

test.each(["small_zip.pth", "small_legacy.pth"])(
  "%s with bytes flipped at random: read, or refused with a WeightError, never anything else",
  async (file) => {
    const original = new Uint8Array(readFileSync(folder + file));
    const pickleEnd = Math.min(original.length, 6000); // where most of the meaning is
    let refused = 0;
    for (let seed = 0; seed < 250; seed++) {
      const random = testRandom(seed);
      const bytes = original.slice();
      for (let i = 0; i <= seed % 3; i++) {
        const fromEnd = random() < 0.25; // the directory of a zip file
        const at = Math.floor(random() * (fromEnd ? 2000 : pickleEnd));
        bytes[fromEnd ? bytes.length - 1 - at : at]! ^= 1 << Math.floor(random() * 8);
      }
      try {
        expect(await readAll(await open(bytes))).toBeLessThan(10 * original.length);
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(WeightError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(30);
  },
);
