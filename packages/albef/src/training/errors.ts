/** Pairs, options or an adapter that training cannot work with. */
export class FinetuneError extends Error {
  override readonly name = "FinetuneError";
}
