import { primitives as p, type Shape, type Tensor, type TensorSpec, type Tracer } from "@albef/core";
import { momentumKey, type ParameterSource, type WeightSpecs } from "@albef/encoder";

/** Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) beside frozen matrices: W + (alpha / rank) B A. */
export interface LoraOptions {
  readonly rank: number;
  /** Default: twice the rank. */
  readonly alpha?: number | undefined;
  /** Whether the matrix of this name gets an adapter. */
  targets(name: string): boolean;
}

/** The names of an adapter's two matrices: A [rank, in] and B [out, rank]. */
export function loraNames(matrix: string): { readonly down: string; readonly up: string } {
  const stem = matrix.replace(/\.weight$/, "");
  return { down: `${stem}.lora_A.weight`, up: `${stem}.lora_B.weight` };
}

/** What an adapter's product is multiplied by. */
export function loraScale({ rank, alpha = 2 * rank }: Pick<LoraOptions, "rank" | "alpha">): number {
  return alpha / rank;
}

export interface TrainingSourceOptions {
  /** Whether a parameter learns; the others stay as they are and are shared with the teacher. */
  trains(name: string): boolean;
  readonly lora?: LoraOptions | undefined;
  /** Gives the momentum copies of what learns. */
  readonly teacher?: boolean;
  /** How the parameters that do not learn are stored; without an entry f32. */
  readonly frozen?: WeightSpecs;
  /** The name under which a parameter that does not learn is stored: layers that begin as copies are not copied. */
  readonly storedAs?: ((name: string) => string) | undefined;
  readonly prefix?: string;
}

/** Parameters for training: f32 masters of what learns, with adapters where asked for, and the frozen rest. */
export function trainingSource(tracer: Tracer, options: TrainingSourceOptions): ParameterSource {
  const { lora, teacher = false, frozen = new Map<string, TensorSpec>(), prefix = "" } = options;
  const { storedAs = (name: string) => name } = options;
  const kept = (name: string, shape: Shape) =>
    tracer.parameter(name, { dtype: frozen.get(name)?.dtype ?? "f32", shape });
  const learned = (key: string, shape: Shape) =>
    tracer.parameter(teacher ? momentumKey(key) : key, { dtype: "f32", shape });
  const known = (key: string, shape: Shape): Tensor =>
    options.trains(key) ? learned(key, shape) : kept(storedAs(key), shape);
  const adapted = (key: string, [out, width]: readonly [number, number]): Tensor => {
    const base = known(key, [out, width]);
    if (!lora?.targets(key)) return base;
    const { down, up } = loraNames(key);
    const product = p.matmul(learned(up, [out, lora.rank]), learned(down, [lora.rank, width]));
    return p.add(p.cast(base, "f32"), p.mul(product, loraScale(lora)));
  };
  return {
    tensor: (name, shape) => known(prefix + name, shape),
    matrix: (name, shape) => ({ kind: "dense", weight: adapted(prefix + name, shape) }),
    scope: (inner) => trainingSource(tracer, { ...options, prefix: `${prefix}${inner}.` }),
  };
}
