import { DTypeError, formatSpec, type Shape, ShapeError, type Tensor, type TensorSpec, type Tracer } from "@albef/core";

/** A matrix [out, in] as it is stored: one tensor, or packed integers with a scale per group of `in`. */
export type WeightTensor =
  | { readonly kind: "dense"; readonly weight: Tensor }
  | {
      readonly kind: "quantized";
      readonly packed: Tensor;
      readonly scales: Tensor;
      readonly bits: 4 | 8;
      readonly group: number;
    };

/** Where a model gets its parameters: official names and shapes in, symbolic tensors out. */
export interface ParameterSource {
  /** The parameter of this name: f32, or f16 where the weights are stored so. */
  tensor(name: string, shape: Shape): Tensor;
  /** A matrix [out, in] that may be quantised. */
  matrix(name: string, shape: readonly [number, number]): WeightTensor;
  /** The same source with `prefix.` before every name. */
  scope(prefix: string): ParameterSource;
}

/** What is known of the weights at hand, by name; see `ParameterStore.specs`. */
export type WeightSpecs = ReadonlyMap<string, TensorSpec>;

/**
 * Parameters of the graph that `tracer` records. The element type of each follows `specs`; without an entry it is f32.
 * A matrix is quantised where `specs` holds `<name>.scales` (see core's io/quantize). Throws ShapeError where stored
 * weights do not have the shape that the model asks for.
 */
export function parameterSource(tracer: Tracer, specs: WeightSpecs = new Map(), prefix = ""): ParameterSource {
  const tensor = (name: string, shape: Shape) => {
    const key = prefix + name;
    const stored = specs.get(key);
    if (stored) expectStored(key, stored, shape);
    return tracer.parameter(key, { dtype: stored?.dtype ?? "f32", shape });
  };
  return {
    tensor,
    matrix(name, shape) {
      const key = prefix + name;
      const packed = specs.get(key);
      const scales = specs.get(`${key}.scales`);
      if (!packed || !scales) return { kind: "dense", weight: tensor(name, shape) };
      return {
        kind: "quantized",
        packed: tracer.parameter(key, packed),
        scales: tracer.parameter(`${key}.scales`, scales),
        ...quantization(key, shape, { packed, scales }),
      };
    },
    scope: (inner) => parameterSource(tracer, specs, `${prefix}${inner}.`),
  };
}

function expectStored(name: string, stored: TensorSpec, shape: Shape): void {
  if (stored.dtype !== "f32" && stored.dtype !== "f16") {
    throw new DTypeError(`${name}: must be stored as f32 or f16, got ${formatSpec(stored)}`);
  }
  if (stored.shape.length !== shape.length || stored.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new ShapeError(
      `${name}: the configuration asks for [${shape.join(",")}], the weights hold ${formatSpec(stored)}`,
    );
  }
}

interface Stored {
  readonly packed: TensorSpec;
  readonly scales: TensorSpec;
}

/** Bits per value and values per scale, read off the shapes: a u32 word holds four or eight values. */
function quantization(name: string, [rows, columns]: readonly [number, number], { packed, scales }: Stored) {
  const bits = (32 * (packed.shape[1] ?? 0)) / columns;
  const group = columns / (scales.shape[1] ?? 0);
  const fits = packed.dtype === "u32" && packed.shape[0] === rows && scales.shape[0] === rows;
  if (!fits || (bits !== 4 && bits !== 8) || !Number.isInteger(group)) {
    throw new ShapeError(
      `${name}: ${formatSpec(packed)} with scales ${formatSpec(scales)} is no q8 or q4 matrix [${rows},${columns}]`,
    );
  }
  return { bits, group } as const;
}
