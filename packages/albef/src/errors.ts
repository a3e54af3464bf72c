/** A model source lacks a file, or is none that can be read here. */
export class ModelSourceError extends Error {
  override readonly name = "ModelSourceError";
}

/** A file of a model holds something else than it must (configuration, manifest, tokenizer). */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
}

/** A task is asked of weights that have no head for it. The message says which checkpoint has. */
export class MissingHeadError extends Error {
  override readonly name = "MissingHeadError";
}

/** A server could not be reached, answered with an error, or broke off too often. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly url: string;
  /** HTTP status; absent where no answer came. */
  readonly status: number | undefined;

  constructor(message: string, details: { readonly url: string; readonly status?: number; readonly cause?: unknown }) {
    super(message, { cause: details.cause });
    this.url = details.url;
    this.status = details.status;
  }
}

/** Downloaded bytes are not those of the manifest. */
export class IntegrityError extends Error {
  override readonly name = "IntegrityError";
}

/** The browser gives this page no more storage. The message says what to free. */
export class QuotaError extends Error {
  override readonly name = "QuotaError";
  readonly neededBytes: number | undefined;
  readonly usageBytes: number | undefined;
  readonly quotaBytes: number | undefined;

  constructor(
    message: string,
    details: { readonly neededBytes?: number; readonly usageBytes?: number; readonly quotaBytes?: number },
  ) {
    super(message);
    this.neededBytes = details.neededBytes;
    this.usageBytes = details.usageBytes;
    this.quotaBytes = details.quotaBytes;
  }
}

/** A saved gallery is damaged, of another version, or of another model. */
export class GalleryFileError extends Error {
  override readonly name = "GalleryFileError";
}

/** The store of a gallery refuses what it was given, holds another model's features, or cannot be reached. */
export class GalleryStoreError extends Error {
  override readonly name = "GalleryStoreError";
}
