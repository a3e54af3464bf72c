import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import { keptScale } from "../dropout.ts";
import { ELEMENT_STREAM, randomBitsWgsl } from "./random.ts";

/**
 * Declares `kept(elements)`: 0 or 1 / (1 - rate) for four probabilities by their index in [batch, heads, L, S], as
 * `dropout` multiplies them.
 */
export function keptFactors(dropped: number): Wgsl {
  const draw = (lane: string) => `randomBits(elements.${lane}, ${ELEMENT_STREAM}u, seed[0])`;
  return wgsl`
    ${randomBitsWgsl}
    fn kept(elements: vec4u) -> vec4f {
      let drawn = vec4u(${["x", "y", "z", "w"].map(draw).join(", ")}) >> vec4u(8u);
      return select(vec4f(), vec4f(${f32Literal(keptScale(dropped))}), drawn >= vec4u(${dropped}u));
    }`;
}
