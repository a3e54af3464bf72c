import { type ByteSource, elementCount, safetensorsChunks, type WritableTensor } from "@albef/core";
import { type AlbefConfig, officialKeys } from "@albef/encoder";
import { hashWeights } from "../parity/hash-weights.ts";

/**
 * The tensors of a pre-training checkpoint under their official keys, made by the generator of `base-hash` when they are
 * read. The momentum teacher and the queues are among them, as in real checkpoints.
 */
export function generatedTensors(config: AlbefConfig): WritableTensor[] {
  return [...officialKeys("pretrain", config)]
    .filter(([, { dtype }]) => dtype === "f32")
    .map(([name, { shape, tiedTo }]) => ({
      ...({ name, dtype: "F32", shape } as const),
      bytes: () => new Uint8Array(hashWeights(tiedTo ?? name, { dtype: "f32", shape }).buffer),
    }));
}

/** A checkpoint of any size as a safetensors file that is nowhere. */
export async function generatedCheckpoint(config: AlbefConfig): Promise<ByteSource> {
  const tensors = generatedTensors(config);
  const header = ((await safetensorsChunks(tensors).next()) as IteratorYieldResult<Uint8Array>).value;
  let size = header.length;
  const places = tensors.map((tensor) => {
    const begin = size;
    size += 4 * elementCount(tensor.shape);
    return { tensor, begin, end: size };
  });
  return {
    name: "generated.safetensors",
    size,
    async read(offset, length) {
      const result = new Uint8Array(length);
      const last = offset + length;
      result.set(header.subarray(offset, last));
      for (const { tensor, begin, end } of places.filter((place) => place.begin < last && place.end > offset)) {
        const bytes = await tensor.bytes();
        const part = bytes.subarray(Math.max(offset - begin, 0), Math.min(last, end) - begin);
        result.set(part, Math.max(begin - offset, 0));
      }
      return result;
    },
  };
}
