import { reshape, slice, type Tensor } from "@albef/core";

/** Row 0 of every sequence, the class token: [batch, tokens, width] -> [batch, width]. */
export function clsToken(embeds: Tensor): Tensor {
  const [batch, , width] = embeds.shape as readonly [number, number, number];
  return reshape(slice(embeds, [0, 0, 0], [batch, 1, width]), [batch, width]);
}
