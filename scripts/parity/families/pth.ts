import { byteSource, openSafetensors, openTorchCheckpoint, type Safetensors, type TorchCheckpoint } from "@albef/core";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";
import type { RecordedCase } from "../recorded-case.ts";

interface GoodFile {
  readonly format: string;
  readonly keys?: readonly string[] | string;
  readonly expected: string;
}

/** Checkpoint files of torch.save: read as PyTorch wrote them, refused where they are hostile or damaged. */
export const pth: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const checks: Check[] = [];
    for (const [file, good] of Object.entries(recorded.field<Readonly<Record<string, GoodFile>>>("good"))) {
      checks.push(...(await checkGood(recorded, file, good)));
    }
    for (const file of Object.keys(recorded.field<object>("must_reject"))) {
      checks.push(checkEqual(file, await outcome(recorded, file), "refused with a WeightError"));
    }
    return checks;
  },
};

async function open(recorded: RecordedCase, file: string): Promise<TorchCheckpoint> {
  return openTorchCheckpoint(byteSource(await recorded.read(file), file));
}

async function checkGood(recorded: RecordedCase, file: string, good: GoodFile): Promise<Check[]> {
  const checkpoint = await open(recorded, file);
  const reference = await openSafetensors(byteSource(await recorded.read(good.expected), good.expected));
  const differing: string[] = [];
  let compared = 0;
  for (const name of checkpoint.tensors.keys()) {
    const stored = storedName(name, reference);
    if (!stored) continue;
    compared++;
    if (!(await equal(checkpoint, name, { reference, stored }))) differing.push(name);
  }
  const keys = [...checkpoint.tensors.keys()].sort();
  return [
    checkEqual(`${file}: format`, checkpoint.format, good.format),
    ...(Array.isArray(good.keys) ? [checkEqual(`${file}: keys`, keys, [...good.keys].sort())] : []),
    checkEqual(`${file}: ${compared} tensors`, compared > 0 ? differing : "nothing to compare", []),
  ];
}

/** Names in the reference: the checkpoint's own, or `special.*` with one name for the key that is not ASCII. */
function storedName(name: string, reference: Safetensors): string | undefined {
  const special = /^[ -~]*$/.test(name) ? `special.${name}` : "special.unicode";
  return [name, special].find((key) => reference.tensors.has(key));
}

async function equal(
  checkpoint: TorchCheckpoint,
  name: string,
  { reference, stored }: { readonly reference: Safetensors; readonly stored: string },
): Promise<boolean> {
  const tensor = checkpoint.tensors.get(name)!;
  const expected = reference.tensors.get(stored)!;
  if (JSON.stringify(tensor.shape) !== JSON.stringify(expected.shape)) return false;
  const bytes = await tensor.bytes();
  const actual = tensor.dtype === expected.dtype ? bytes : floatBytes(tensor.dtype, bytes);
  return Buffer.compare(actual, await reference.bytes(stored)) === 0;
}

/** bf16 and f64 as the reference stores them. */
function floatBytes(dtype: string, { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Uint8Array {
  const part = buffer.slice(byteOffset, byteOffset + byteLength);
  if (dtype === "F64") return new Uint8Array(Float32Array.from(new Float64Array(part)).buffer);
  if (dtype === "BF16") return new Uint8Array(Uint32Array.from(new Uint16Array(part), (half) => half << 16).buffer);
  return new Uint8Array(0);
}

async function outcome(recorded: RecordedCase, file: string): Promise<string> {
  try {
    await open(recorded, file);
    return "was opened";
  } catch (error) {
    return `refused with a ${(error as Error).name}`;
  }
}
