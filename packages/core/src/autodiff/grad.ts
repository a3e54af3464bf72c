import { primitives } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { gradients } from "./backward.ts";

type Tensors = Readonly<Record<string, Tensor>>;
export type GradientsOf<P extends Tensors> = { readonly [K in keyof P]: Tensor };

export interface ValueAndGrad<P extends Tensors> {
  /** The loss, one element. */
  readonly value: Tensor;
  /** By the names of the parameters, each of its parameter's spec. */
  readonly grads: GradientsOf<P>;
}

/** A function that gives a loss and its gradients. Throws GraphError unless the loss has one element. */
export function valueAndGrad<P extends Tensors>(loss: (parameters: P) => Tensor): (parameters: P) => ValueAndGrad<P> {
  return (parameters) => {
    const value = loss(parameters);
    const names = Object.keys(parameters);
    const grads = gradients(value, Object.values(parameters));
    return { value, grads: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) as GradientsOf<P> };
  };
}

/** A function that gives the gradients of a loss by the names of its parameters: `grad((w) => model(w))(weights)`. */
export function grad<P extends Tensors>(loss: (parameters: P) => Tensor): (parameters: P) => GradientsOf<P> {
  return (parameters) => valueAndGrad(loss)(parameters).grads;
}

/** x itself, through which no gradient flows: targets, and whatever a teacher says. */
export function stopGradient(x: Tensor): Tensor {
  return primitives.stopGradient(x);
}
