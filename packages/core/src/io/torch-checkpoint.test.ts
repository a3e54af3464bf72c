import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { byteSource } from "./byte-source.ts";
import { WeightError } from "./errors.ts";
import { openSafetensors } from "./safetensors.ts";
import { decodeTensor } from "./stored-dtype.ts";
import { openTorchCheckpoint } from "./torch-checkpoint.ts";

const folder = fileURLToPath(new URL("../../../../fixtures/pth/", import.meta.url));
const recorded = JSON.parse(readFileSync(`${folder}case.json`, "utf8"));
const open = (file: string) => openTorchCheckpoint(byteSource(readFileSync(folder + file), file));
const safetensors = (file: string) => openSafetensors(byteSource(readFileSync(folder + file), file));

for (const [file, { format, keys, expected }] of Object.entries<{ format: string; keys?: unknown; expected: string }>(
  recorded.good,
)) {
  test(`${file} is read as PyTorch wrote it`, async () => {
    const checkpoint = await open(file);
    expect(checkpoint.format).toBe(format);
    if (Array.isArray(keys)) expect([...checkpoint.tensors.keys()].sort()).toEqual([...keys].sort());
    const reference = await safetensors(expected);
    let compared = 0;
    for (const [name, tensor] of checkpoint.tensors) {
      const stored = [name, `special.${name}`, "special.unicode"].find(
        (key) => reference.tensors.has(key) && (key !== "special.unicode" || /[^ -~]/.test(name)),
      );
      if (!stored) continue;
      expect([name, tensor.shape]).toEqual([name, reference.tensors.get(stored)!.shape]);
      const bytes = await tensor.bytes();
      if (tensor.dtype === reference.tensors.get(stored)!.dtype) {
        expect([name, [...bytes]]).toEqual([name, [...(await reference.bytes(stored))]]);
      } else {
        expect([name, [...decodeTensor(name, tensor, bytes).data]]).toEqual([
          name,
          [...(await reference.read(stored)).data],
        ]);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(15);
  });
}

test("a training file gives its scalars", async () => {
  expect((await open("tiny_zip.pth")).scalars).toMatchObject({ epoch: 3 });
});

test("NaN, infinities and the sign of zero survive", async () => {
  const tensor = (await open("special_zip.pth")).tensors.get("nan_inf")!;
  const { data } = decodeTensor("nan_inf", tensor, await tensor.bytes());
  expect([...data]).toEqual([Number.NaN, Infinity, -Infinity, -0]);
});

describe("hostile and damaged files are refused", () => {
  for (const file of Object.keys(recorded.must_reject)) {
    test(file, () => expect(open(file)).rejects.toThrow(WeightError));
  }
  test("the refusal names what the file wanted to run", async () => {
    await expect(open("malicious_os_system_p4_zip.pth")).rejects.toThrow(/posix\.system/);
    await expect(open("malicious_builtins_eval_zip.pth")).rejects.toThrow(/__builtin__\.eval/);
  });
  test("a file cut at any place", async () => {
    for (const file of ["special_zip.pth", "special_legacy.pth"]) {
      const bytes = readFileSync(folder + file);
      for (let length = 0; length < bytes.length - 1; length += 97) {
        await expect(openTorchCheckpoint(byteSource(bytes.subarray(0, length), file))).rejects.toThrow(WeightError);
      }
    }
  });
  test("every recorded file is covered", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".pth"));
    expect(new Set([...Object.keys(recorded.good), ...Object.keys(recorded.must_reject)])).toEqual(new Set(files));
  });
});
