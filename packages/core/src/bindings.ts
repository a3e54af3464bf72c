import type { DType, TensorSpec } from "./spec.ts";
import { type Wgsl, wgsl } from "./wgsl.ts";

type Specs = Readonly<Record<string, TensorSpec | undefined>>;

export interface BindingOptions {
  /** Elements per array entry, by tensor name: 2 or 4 reads `vec2` or `vec4`. */
  readonly vector?: Readonly<Record<string, number>>;
  /** Inputs that the kernel updates in place; they are bound once, read_write. */
  readonly inPlace?: readonly string[];
}

export function wgslType(dtype: DType, vector = 1): string {
  return vector === 1 ? dtype : `vec${vector}<${dtype}>`;
}

/**
 * The storage bindings of a kernel: present inputs in order, then outputs. Missing optional inputs take no place.
 * Enables f16 where a tensor needs it, so this comes first in a source.
 */
export function bindings(inputs: Specs, outputs: Specs, options: BindingOptions = {}): Wgsl {
  const lines: string[] = [];
  const all = [...Object.values(inputs), ...Object.values(outputs)];
  if (all.some((spec) => spec?.dtype === "f16")) lines.push("enable f16;");
  let binding = 0;
  const declare = (name: string, spec: TensorSpec, access: string) => {
    const type = wgslType(spec.dtype, options.vector?.[name]);
    lines.push(`@group(0) @binding(${binding++}) var<storage, ${access}> ${name}: array<${type}>;`);
  };
  for (const [name, spec] of Object.entries(inputs)) {
    if (spec) declare(name, spec, options.inPlace?.includes(name) ? "read_write" : "read");
  }
  for (const [name, spec] of Object.entries(outputs)) if (spec) declare(name, spec, "read_write");
  return wgsl`${lines.join("\n")}`;
}
