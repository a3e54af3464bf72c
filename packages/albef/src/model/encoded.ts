/** An image after the image encoder. */
export interface EncodedImage {
  /** Unit vector, f32 [embedDim]; empty where the model has no projections, see `ModelPlan.contrasts`. */
  readonly feature: Float32Array;
  /** f32 [tokens, width]. */
  readonly states: Float32Array;
}

/** A text after the text encoder. */
export interface EncodedText {
  readonly feature: Float32Array;
  /** f32 [length, width]. */
  readonly states: Float32Array;
  /** f32 [length], 1 = a token. */
  readonly attentionMask: Float32Array;
}
