import { DTypeError, formatSpec, type Shape, ShapeError, type Tensor, type TensorSpec, type Tracer } from "@albef/core";

/** A matrix [out, in] as it is stored. */
export interface WeightTensor {
  readonly kind: "dense";
  readonly weight: Tensor;
}

/** Where a model gets its parameters: official names and shapes in, symbolic tensors out. */
export interface ParameterSource {
  /** The parameter of this name: f32, or f16 where the weights are stored so. */
  tensor(name: string, shape: Shape): Tensor;
  /** A matrix [out, in]. */
  matrix(name: string, shape: readonly [number, number]): WeightTensor;
  /** The same source with `prefix.` before every name. */
  scope(prefix: string): ParameterSource;
}

/** What is known of the weights at hand, by name; see `ParameterStore.specs`. */
export type WeightSpecs = ReadonlyMap<string, TensorSpec>;

/**
 * Parameters of the graph that `tracer` records. The element type of each follows `specs`; without an entry it is f32.
 * Throws ShapeError where stored weights do not have the shape that the model asks for.
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
    matrix: (name, shape) => ({ kind: "dense", weight: tensor(name, shape) }),
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
