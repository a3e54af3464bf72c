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
  if (isFloat(spec.dtype) !== (tensor.dtype === "float32")) {
    throw new GraphError(`tfjs gave a ${tensor.dtype} tensor for ${formatSpec(spec)}`);
  }
  const data = await tensor.data();
  if (spec.dtype === "u32") return Uint32Array.from(data);
  if (spec.dtype === "i32") return data instanceof Int32Array ? data : Int32Array.from(data);
  // The cpu backend casts by renaming the dtype, so the array may still hold integers.
  const floats = data instanceof Float32Array ? data : Float32Array.from(data);
  return spec.dtype === "f16" ? halvesFrom(floats) : floats;
}
