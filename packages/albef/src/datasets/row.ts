/** One picture of a list, with its captions. */
export interface DatasetRow {
  /** Path of the picture. */
  readonly image: string;
  readonly captions: readonly string[];
  /** Rows of one value show one picture. */
  readonly imageId?: string | undefined;
}
