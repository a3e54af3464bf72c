import {
  type CheckpointTensor,
  castFloats,
  decodeTensor,
  quantizeMatrix,
  type WritableTensor,
  writableTensor,
} from "@albef/core";
import { interpolatePositions } from "@albef/encoder";
import { ModelFileError } from "../errors.ts";
import { storageOf, type WeightDType } from "./selection.ts";

export interface StoreOptions {
  readonly dtype: WeightDType;
  /** Patches along a side of the image; position embeddings of the image encoder are resized to it. */
  readonly patchesPerSide: number;
}

type Entry = readonly [string, CheckpointTensor];

/** The tensors as they are to be written. Nothing is read before their bytes are asked for, one tensor at a time. */
export function storedTensors(entries: Iterable<Entry>, options: StoreOptions): WritableTensor[] {
  return Array.from(entries).flatMap((entry) => storedTensor(entry, options));
}

function storedTensor([name, tensor]: Entry, { dtype, patchesPerSide }: StoreOptions): WritableTensor[] {
  const shape = shapeOf(name, tensor, patchesPerSide);
  const values = () => floatsOf(name, tensor, patchesPerSide);
  const storage = storageOf(name, shape, dtype);
  if (storage.kind === "plain") {
    const bytes = async () => {
      const data = { name, dtype: "f32", shape, data: await values() } as const;
      return writableTensor(castFloats(data, storage.dtype === "F16" ? "f16" : "f32")).bytes();
    };
    return [{ name, dtype: storage.dtype, shape, bytes }];
  }
  const [rows, columns] = shape as readonly [number, number];
  const { bits, group } = storage;
  const quantize = async () => quantizeMatrix(await values(), columns, { bits, group });
  const bytesOf = (array: Uint32Array | Float32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let scales: Float32Array | undefined; // packed comes first; its scales wait here until they are written
  return [
    {
      name,
      dtype: "U32",
      shape: [rows, (columns * bits) / 32],
      async bytes() {
        const matrix = await quantize();
        scales = matrix.scales;
        return bytesOf(matrix.packed);
      },
    },
    {
      name: `${name}.scales`,
      dtype: "F32",
      shape: [rows, columns / group],
      async bytes() {
        const own = scales ?? (await quantize()).scales;
        scales = undefined;
        return bytesOf(own);
      },
    },
  ];
}

const isImagePositions = (name: string) => /^visual_encoder(_m)?\.pos_embed$/.test(name);

function shapeOf(name: string, { shape }: CheckpointTensor, patchesPerSide: number): readonly number[] {
  return isImagePositions(name) ? [1, patchesPerSide ** 2 + 1, shape[2]!] : shape;
}

async function floatsOf(name: string, tensor: CheckpointTensor, patchesPerSide: number): Promise<Float32Array> {
  const { dtype, data } = castFloats(decodeTensor(name, tensor, await tensor.bytes()), "f32");
  if (dtype !== "f32") throw new ModelFileError(`${name}: weights must be floats, got ${tensor.dtype}`);
  const values = data as Float32Array;
  if (values.some((value) => !Number.isFinite(value))) throw new ModelFileError(`${name}: holds NaN or infinity`);
  return isImagePositions(name) ? interpolatePositions(values, { width: tensor.shape[2]!, patchesPerSide }) : values;
}
