import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import { keptScale } from "../dropout.ts";
import { ELEMENT_STREAM, randomBitsWgsl } from "./random.ts";

/**
 * Declares `kept(row, keys)`: 0 or 1 / (1 - rate) for four keys of a row of scores, row being (batch * HEADS + head) *
 * QUERIES + query: what `dropout` does to the probabilities [batch, heads, L, S].
 */
export function keptFactors(dropped: number): Wgsl {
  const draw = (lane: string) => `randomBits(start + keys.${lane}, ${ELEMENT_STREAM}u, seed[0])`;
  return wgsl`
    ${randomBitsWgsl}
    fn kept(row: u32, keys: vec4u) -> vec4f {
      let start = row * KEYS;
      let drawn = vec4u(${["x", "y", "z", "w"].map(draw).join(", ")}) >> vec4u(8u);
      return select(vec4f(), vec4f(${f32Literal(keptScale(dropped))}), drawn >= vec4u(${dropped}u));
    }`;
}
