import { decodeImage, ImageError, preprocessImage, type RawImage } from "@albef/encoder";
import { isNode, nodeFs } from "../platform.ts";
import type { ImageInput } from "../types.ts";

/** An image as the official test transform has it: f32 [3, size, size]. Throws ImageError where it cannot be read. */
export async function readPixels(image: ImageInput, size: number, signal?: AbortSignal): Promise<Float32Array> {
  return preprocessImage(await readRaw(image, signal), size);
}

/** Upright pixels as they are in the file. Throws ImageError where it cannot be read. */
export async function readRaw(image: ImageInput, signal?: AbortSignal): Promise<RawImage> {
  if (typeof image !== "object" || image === null) {
    throw new ImageError(`image: must be a File, Blob, URL, bytes or pixels, got ${typeof image}`);
  }
  return isNode() ? decodeInNode(image, signal) : decodeImage(image, signal ? { signal } : {});
}

async function decodeInNode(image: ImageInput, signal: AbortSignal | undefined): Promise<RawImage> {
  if ("channels" in image || !(image instanceof Blob || image instanceof Uint8Array || image instanceof URL)) {
    return decodeImage(image);
  }
  const name = "@albef/encoder/node"; // not a literal below: bundlers for browsers must not follow it to sharp
  const { decodeImageInNode } = (await import(/* @vite-ignore */ name)) as typeof import("@albef/encoder/node");
  return decodeImageInNode(await bytesOf(image, signal));
}

async function bytesOf(image: Blob | Uint8Array | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return image;
  if (image instanceof Blob) return new Uint8Array(await image.arrayBuffer());
  if (image.protocol === "file:") return nodeFs()!.promises.readFile(image);
  const response = await fetch(image, signal ? { signal } : {});
  if (!response.ok) throw new ImageError(`image: ${image} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
