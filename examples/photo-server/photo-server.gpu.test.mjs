import { Albef } from "albef";
import { expect, test } from "vitest";
import { commands } from "vitest/browser";
import { openSharedPhotos } from "./browser.mjs";

test("browsers embed on WebGPU what nobody has embedded yet, and search one index", async () => {
  const { model: address, photos, names } = await commands.servePhotos();
  const model = await Albef.fromPretrained(address, { device: "webgpu", cache: "memory" });
  const first = await openSharedPhotos(model, photos);
  expect((await first.indexMissing()).ids).toEqual(names);
  const second = await openSharedPhotos(model, photos);
  expect((await second.indexMissing()).ids).toEqual([]);
  const hits = await second.search("a sailboat"); // re-ranked: the pictures are fetched again
  expect(hits.map(({ id }) => id).sort()).toEqual(names);
  expect(hits.every(({ itm }) => typeof itm === "number")).toBe(true);
  model.dispose();
});
