import { readdirSync, readFileSync } from "node:fs";
import {
  byteSource,
  DeviceError,
  type NamedTensor,
  openSafetensors,
  safetensorsBlob,
  WeightError,
  writableTensor,
} from "@albef/core";
import { expect, test } from "vitest";
import { weightsFolder } from "../testing/pictures.ts";
import { loadModel } from "./load.ts";

const folder = `${weightsFolder}albef-mini/`;

/** The files of the embedded model, one of them with other tensors. */
async function mini(name: string, change: (tensors: NamedTensor[]) => NamedTensor[]): Promise<File[]> {
  const source = await openSafetensors(byteSource(new Uint8Array(readFileSync(folder + name)), name));
  const tensors = await Promise.all([...source.tensors.keys()].map((key) => source.read(key)));
  const changed = await safetensorsBlob(change(tensors).map(writableTensor));
  const others = readdirSync(folder).filter((file) => file !== name);
  return [...others.map((file) => new File([readFileSync(folder + file)], file)), new File([changed], name)];
}

test("weights that lack tensors, or have them in other shapes: one error that names them all", async () => {
  const files = await mini("model.safetensors", (tensors) =>
    tensors
      .filter(({ name }) => name !== "itm_head.bias" && name !== "text_proj.weight")
      .map((tensor) => (tensor.name === "vision_proj.bias" ? { ...tensor, shape: [1, ...tensor.shape] } : tensor)),
  );
  const loading = loadModel(files, { device: "wasm" });
  await expect(loading).rejects.toThrow(WeightError);
  for (const fault of [
    /missing: itm_head\.bias \[2\]/,
    /missing: text_proj\.weight/,
    /shape: vision_proj\.bias is \[1,/,
  ]) {
    await expect(loading).rejects.toThrow(fault);
  }
});

test("a device whose numbers differ from those recorded beside the weights is not used", async () => {
  const files = await mini("recorded.safetensors", (tensors) =>
    tensors.map((tensor) => {
      if (tensor.name !== "out.text_feat") return tensor;
      return { ...tensor, data: Float32Array.from(tensor.data as Float32Array, (value) => -value) };
    }),
  );
  const loading = loadModel(files, { device: "wasm" });
  await expect(loading).rejects.toThrow(DeviceError);
  await expect(loading).rejects.toThrow(/computes wrong numbers: its text features are [\d.]+ off the recorded ones/);
});
