import { GraphError } from "../../errors.ts";
import type { DeviceTensor } from "../../executor.ts";
import type { TensorData } from "../../graph/graph.ts";
import { floatsFrom, halvesFrom } from "../../half.ts";
import type { TfModule, TfTensor } from "../../op.ts";
import { formatSpec, isFloat, type TensorSpec } from "../../spec.ts";

/** A tensor of the tfjs executor; `tensor` may be used by tfjs code as it is. f16 is held as float32. */
export interface TfjsTensor extends DeviceTensor {
  readonly tensor: TfTensor;
}

export function toTensor(tf: TfModule, { dtype, shape }: TensorSpec, data: TensorData): TfTensor {
  if (dtype === "f16") return tf.tensor(floatsFrom(data as Uint16Array), [...shape], "float32");
  if (dtype === "f32") return tf.tensor(data as Float32Array, [...shape], "float32");
  return tf.tensor(dtype === "u32" ? new Int32Array(data) : (data as Int32Array), [...shape], "int32");
}

export async function readTensor(spec: TensorSpec, tensor: TfTensor): Promise<TensorData> {
  const data = await tensor.data();
  if (isFloat(spec.dtype) !== data instanceof Float32Array) {
    throw new GraphError(`tfjs gave a ${data.constructor.name} for ${formatSpec(spec)}`);
  }
  if (spec.dtype === "f16") return halvesFrom(data as Float32Array);
  return spec.dtype === "u32" ? new Uint32Array(data as Int32Array) : (data as Float32Array | Int32Array);
}
