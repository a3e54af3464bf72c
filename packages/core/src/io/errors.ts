/** A weight file is damaged, hostile, or not what the model needs. */
export class WeightError extends Error {
  override readonly name = "WeightError";
}
