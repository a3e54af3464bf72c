import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { erfWgsl } from "./erf.ts";

/** What a linear layer applies to its sum: GELU is the erf form (BERT and ViT), tanh that of BERT's pooler. */
export type Activation = "none" | "gelu" | "tanh" | "relu";

interface Rule {
  apply(p: PrimitiveSet, u: Tensor): Tensor;
  /** d apply(u) / du. */
  derivative(p: PrimitiveSet, u: Tensor): Tensor;
  /** Declares `fn activate(u: f32) -> f32`. */
  readonly wgsl: Wgsl;
}

export const activations: Readonly<Record<Activation, Rule>> = {
  none: {
    apply: (_p, u) => u,
    derivative: (p, u) => p.fill(u, u.shape, 1, u.dtype),
    wgsl: wgsl`fn activate(u: f32) -> f32 { return u; }`,
  },
  gelu: {
    apply: (p, u) => p.mul(u, normalCdf(p, u)),
    derivative: (p, u) => {
      const density = p.mul(p.exp(p.mul(p.mul(u, u), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return p.add(normalCdf(p, u), p.mul(u, density));
    },
    wgsl: wgsl`
      ${erfWgsl}
      fn activate(u: f32) -> f32 { return 0.5 * u * (1.0 + erf(u * 0.70710678118)); }`,
  },
  tanh: {
    apply: (p, u) => p.tanh(u),
    derivative: (p, u) => {
      const y = p.tanh(u);
      return p.sub(p.fill(u, [], 1, u.dtype), p.mul(y, y));
    },
    // tanh is 1 in f32 beyond 10; some drivers compute inf / inf there
    wgsl: wgsl`fn activate(u: f32) -> f32 { return tanh(clamp(u, -10.0, 10.0)); }`,
  },
  relu: {
    apply: (p, u) => p.maximum(u, p.fill(u, [], 0, u.dtype)),
    derivative: (p, u) => p.greater(u, p.fill(u, [], 0, u.dtype)),
    wgsl: wgsl`fn activate(u: f32) -> f32 { return max(u, 0.0); }`,
  },
};

function normalCdf(p: PrimitiveSet, u: Tensor): Tensor {
  return p.mul(p.add(p.erf(p.mul(u, Math.SQRT1_2)), 1), 0.5);
}
