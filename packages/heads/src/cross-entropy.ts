import { primitives as p, type Tensor } from "@albef/core";

/** 1 where the label i32 [...] names the class, else 0: f32 [..., classes]. Labels outside 0 to classes - 1 give zeros. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  const shape = [...labels.shape, classes];
  const places = p.iota(labels, shape, shape.length - 1, "i32");
  return p.equal(places, p.broadcastTo(p.reshape(labels, [...labels.shape, 1]), shape));
}

/** -sum of targets * log softmax(logits) over the last axis: logits and targets [..., classes] -> [...]. */
export function softCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const shape = logits.shape.slice(0, -1);
  return p.reshape(p.neg(p.sum(p.mul(targets, p.logSoftmax(logits)))), shape);
}

/** The mean of all elements, as []. */
export function meanOf(x: Tensor): Tensor {
  return p.reshape(p.mean(p.reshape(x, [x.shape.reduce((product, extent) => product * extent, 1)])), []);
}

/** (1 - share) a + share b, with share []: how pseudo-targets are mixed in. */
export function mix(a: Tensor, b: Tensor, share: Tensor): Tensor {
  return p.add(p.mul(a, p.add(p.neg(share), 1)), p.mul(b, share));
}
