import { wgsl } from "../../wgsl.ts";

/**
 * erf(x) in f32, |error| < 2e-7: a polynomial about 0, and 1 - exp(-x²) P(1/(1 + x/2)) beyond (Numerical Recipes erfcc
 * coefficients carry 1.2e-7 relative error on erfc).
 */
export const erfWgsl = wgsl`
  fn erf(x: f32) -> f32 {
    let z = abs(x);
    if (z < 0.5) { // the series keeps the relative error near 0
      let s = x * x;
      return x * (1.12837917 + s * (-0.376126389 + s * (0.112837917 + s * (-0.0268661706
        + s * (0.00522397763 + s * (-0.000854832702 + s * 0.000120553332))))));
    }
    let t = 1.0 / (1.0 + 0.5 * z);
    let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806
      + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
    return sign(x) * (1.0 - t * exp(p - z * z));
  }`;
