import { openSource } from "../hub/open-source.ts";
import type { ProgressEvent } from "../types.ts";

/** Stands for a tab: loads a file and tells its size and the bytes that came over the network for it. */
addEventListener("message", async ({ data }: MessageEvent<{ url: string; name: string }>) => {
  let downloaded = 0;
  const onProgress = ({ phase, file, loaded }: ProgressEvent) => {
    if (phase === "download" && file === data.name) downloaded = loaded;
  };
  const blob = await (await openSource(data.url, { onProgress })).open(data.name);
  postMessage({ size: blob?.size, downloaded });
});
