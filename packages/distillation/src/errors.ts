/** A batch, a setting or a saved state that training cannot go on with. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
}
