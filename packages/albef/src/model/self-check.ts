import { byteSource, DeviceError, openSafetensors, type Safetensors } from "@albef/core";
import type { ModelFiles } from "../hub/model-files.ts";
import type { OnProgress } from "../types.ts";
import type { Engine } from "./engine.ts";
import { SHORTEST, type TextTokens } from "./texts.ts";

/** PyTorch's results for a few pixels and tokens, kept beside the weights. */
const RECORDED = "recorded.safetensors";
const WANTED = ["in.image", "in.input_ids", "in.attention_mask", "out.image_feat", "out.text_feat", "out.itm_logits"];
/** f16 weights and sums in another order stay below, a wrong kernel far above. */
const TOLERANCE = 0.05;

export interface CheckOptions {
  /** What computes, for the error. */
  readonly description: string;
  readonly onProgress?: OnProgress | undefined;
}

/** The recorded results that a model brings with it; null where it has none. */
export async function readRecorded(files: ModelFiles): Promise<Safetensors | null> {
  const blob = await files.open(RECORDED);
  const recorded = blob && (await openSafetensors(byteSource(blob, RECORDED)));
  return recorded && WANTED.every((name) => recorded.tensors.has(name)) ? recorded : null;
}

/**
 * Compares the device's results with recorded ones: a driver that computes wrong numbers is otherwise silent. Throws
 * DeviceError.
 */
export async function selfCheck(engine: Engine, recorded: Safetensors, options: CheckOptions): Promise<void> {
  options.onProgress?.({ phase: "check", file: RECORDED, loaded: 0, total: 3 });
  const pixels = Float32Array.from(await firstOf(recorded, "in.image"));
  const [image] = await engine.encodeImages([pixels], options);
  expectClose("image features", image!.feature, await firstOf(recorded, "out.image_feat"), options);
  const [text] = await engine.encodeTexts([await tokensOf(recorded)], options);
  expectClose("text features", text!.feature, await firstOf(recorded, "out.text_feat"), options);
  const [logits] = await engine.matchImage([text!], image!.states, options);
  const wanted = (await firstOf(recorded, "out.itm_logits")).subarray(0, 2); // caption 0 against picture 0
  expectClose("ITM logits", Float32Array.of(logits!.other, logits!.match), wanted, options);
  options.onProgress?.({ phase: "check", file: RECORDED, loaded: 3, total: 3 });
}

/** The first item along axis 0. */
async function firstOf(recorded: Safetensors, name: string) {
  const { data, shape } = await recorded.read(name);
  return data.subarray(0, data.length / shape[0]!);
}

async function tokensOf(recorded: Safetensors): Promise<TextTokens> {
  const ids = await firstOf(recorded, "in.input_ids");
  const mask = await firstOf(recorded, "in.attention_mask");
  const length = Math.max(SHORTEST, ids.length); // so that its program serves searches
  const inputIds = new Int32Array(length);
  const attentionMask = new Float32Array(length);
  inputIds.set(ids);
  attentionMask.set(mask);
  return { inputIds, attentionMask };
}

function expectClose(what: string, got: Float32Array, want: ArrayLike<number>, { description }: CheckOptions): void {
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i]!)), 0);
  if (worst <= TOLERANCE) return;
  throw new DeviceError(
    `${description} computes wrong numbers: its ${what} are ${worst} off the recorded ones (at most ${TOLERANCE}); ` +
      'update the driver or browser, or load with device: "wasm"',
  );
}
