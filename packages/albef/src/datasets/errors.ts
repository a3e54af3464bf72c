/** A list of pictures and captions that cannot be read. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
}
