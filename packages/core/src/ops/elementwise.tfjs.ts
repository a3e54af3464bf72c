import type { TfjsRule, TfModule, TfTensor } from "../op.ts";

function pair(call: (tf: TfModule, a: TfTensor, b: TfTensor) => TfTensor): TfjsRule<"a" | "b"> {
  return (tf, { a, b }) => [call(tf, a, b)];
}

function single(call: (tf: TfModule, x: TfTensor) => TfTensor): TfjsRule<"x"> {
  return (tf, { x }) => [call(tf, x)];
}

/** Rules of the ops that `binary` and `unary` make. */
export const elementwiseTfjs = {
  add: pair((tf, a, b) => tf.add(a, b)),
  sub: pair((tf, a, b) => tf.sub(a, b)),
  mul: pair((tf, a, b) => tf.mul(a, b)),
  div: pair((tf, a, b) => tf.div(a, b)),
  maximum: pair((tf, a, b) => tf.maximum(a, b)),
  equal: pair((tf, a, b) => tf.cast(tf.equal(a, b), "float32")),
  greater: pair((tf, a, b) => tf.cast(tf.greater(a, b), "float32")),
  erf: single((tf, x) => tf.erf(x)),
  exp: single((tf, x) => tf.exp(x)),
  floor: single((tf, x) => tf.floor(x)),
  log: single((tf, x) => tf.log(x)),
  rsqrt: single((tf, x) => tf.rsqrt(x)),
  sqrt: single((tf, x) => tf.sqrt(x)),
  tanh: single((tf, x) => tf.tanh(x)),
};
