import { GalleryStoreError } from "../../errors.ts";
import { checkedStore } from "../checked-store.ts";
import type { GalleryStore, StoredPicture, StoreModel } from "../store.ts";
import type { StoreCall, WirePicture } from "./http.ts";
import { vectorNumbers } from "./vectors.ts";

export interface StoreHandlerOptions {
  /** Longest request. Default: 16 MiB, some 4,000 pictures of width 256. */
  readonly maxBodyBytes?: number;
  /** Refuses `put` and `remove`. Who may write is the server's to say, before it calls the handler. */
  readonly readOnly?: boolean;
  /** The one model that is served. Default: the store's own; an empty store takes that of the first request. */
  readonly model?: StoreModel;
  /** Told why the store failed; clients are not. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Answers what `httpStore` asks, from another store. What comes in is hostile until checked: size, JSON, ids, unit vectors,
 * filters. Answers 400 with `{error}` to what is wrong, 500 (without details) where the store itself fails.
 */
export function storeHandler(
  shared: GalleryStore,
  { maxBodyBytes = 16 << 20, readOnly = false, model: served, onError }: StoreHandlerOptions = {},
): (request: Request) => Promise<Response> {
  const store = checkedStore(shared);
  let opened: Promise<StoreModel> | undefined;
  const open = async (model: StoreModel) => {
    const first = served ?? model;
    opened ??= store.open(first).then(() => first);
    const kept = await opened.catch((error: unknown) => {
      opened = undefined; // the next call tries again
      throw error;
    });
    if (kept.fingerprint !== model.fingerprint || kept.width !== model.width)
      throw new GalleryStoreError("the gallery holds features of another model");
  };
  return async (request) => {
    try {
      const call = await readCall(request, maxBodyBytes);
      if (readOnly && (call.method === "put" || call.method === "remove"))
        throw new GalleryStoreError("the gallery can only be read");
      await open(call.model);
      return Response.json({ result: (await answer(store, call)) ?? null });
    } catch (error) {
      if (error instanceof GalleryStoreError) return Response.json({ error: error.message }, { status: 400 });
      onError?.(error);
      return Response.json({ error: "the gallery's store failed" }, { status: 500 });
    }
  };
}

async function answer(store: GalleryStore, call: StoreCall): Promise<unknown> {
  switch (call.method) {
    case "open":
      return true;
    case "put":
      return store.put(list(call.pictures, "pictures").map(pictureOf));
    case "remove":
      return store.remove(list(call.ids, "ids"));
    case "missing":
      return store.missing(list(call.ids, "ids"));
    case "feature": {
      const feature = await store.feature(call.id);
      return feature && vectorNumbers(feature);
    }
    case "nearest":
      return store.nearest(floats(call.feature), call);
    case "count":
      return store.count();
    default:
      throw new GalleryStoreError("method must be open, put, remove, feature, missing, nearest or count");
  }
}

async function readCall(request: Request, maxBodyBytes: number): Promise<StoreCall> {
  if (request.method !== "POST") throw new GalleryStoreError("a gallery store is asked by POST");
  const call = parse(await readText(request, maxBodyBytes));
  const { model } = call;
  if (typeof model !== "object" || model === null) throw new GalleryStoreError("the request names no model");
  return call;
}

function parse(text: string): StoreCall {
  try {
    const call: unknown = JSON.parse(text);
    if (typeof call === "object" && call !== null) return call as StoreCall;
  } catch {
    // told below
  }
  throw new GalleryStoreError("the request is not a JSON object");
}

/** The body, read no further than it may be long. */
async function readText(request: Request, maxBodyBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw new GalleryStoreError(`the request is longer than ${maxBodyBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function pictureOf(picture: WirePicture): StoredPicture {
  if (typeof picture !== "object" || picture === null) throw new GalleryStoreError("a picture must be an object");
  const { id, feature, meta } = picture;
  return { id, feature: floats(feature), ...(meta !== undefined && { meta }) };
}

function floats(values: readonly number[]): Float32Array {
  return Float32Array.from(list(values, "feature"), (value) => (typeof value === "number" ? value : Number.NaN));
}

function list<T>(values: readonly T[], name: string): readonly T[] {
  if (Array.isArray(values)) return values;
  throw new GalleryStoreError(`${name} must be a list`);
}
