import { type Wgsl, wgsl } from "../../wgsl.ts";
import type { Activation } from "./activation.ts";
import { erfWgsl } from "./erf.ts";

/** Each declares `fn slope(u: f32) -> f32`: the derivative of the activation at u. */
export const slopes: Readonly<Record<Activation, Wgsl>> = {
  none: wgsl`fn slope(u: f32) -> f32 { return 1.0; }`,
  gelu: wgsl`
    ${erfWgsl}
    fn slope(u: f32) -> f32 {
      return 0.5 * (1.0 + erf(u * 0.70710678118)) + u * exp(-0.5 * u * u) * 0.39894228040;
    }`,
  // tanh is 1 in f32 beyond 10; some drivers compute inf / inf there
  tanh: wgsl`
    fn slope(u: f32) -> f32 {
      let y = tanh(clamp(u, -10.0, 10.0));
      return 1.0 - y * y;
    }`,
  relu: wgsl`fn slope(u: f32) -> f32 { return select(0.0, 1.0, u > 0.0); }`,
};
