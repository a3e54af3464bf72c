import type { DevicePreference } from "albef";
import { proxy } from "comlink";
import { connect } from "./connect.ts";
import {
  type CaptionedPhoto,
  type GalleryEntry,
  isOwn,
  type ModelChoice,
  type OpenedModel,
  type SearchOutcome,
} from "./protocol.ts";
import { isModel, onModelChoice } from "./ui/model-chooser.ts";
import { onFiles, showOwnCount } from "./ui/photos.ts";
import { createQuery, type Query } from "./ui/query.ts";
import { createResults } from "./ui/results.ts";
import { createStatus, showDevice, showStages } from "./ui/status.ts";
import { createTeach } from "./ui/teach.ts";

const SHOWN = 24;
const RERANKED = 16;

const status = createStatus(() => void albef.cancel());
const albef = connect((message) => status.error(message));
const device = (new URLSearchParams(location.search).get("device") ?? "auto") as DevicePreference;

async function start(): Promise<void> {
  const entries = await readGallery();
  const results = createResults(entries, { similar, remove, thumbnail: (id) => albef.thumbnail(id) });
  const query = createQuery((asked) => void search(asked).catch(status.error));
  const report = proxy(status.progress);
  let ids: readonly string[] = [];
  let latest = 0;
  let isTaught = false;
  const teach = createTeach({
    thumbnail: (id) => albef.thumbnail(id),
    start: (captioned) => void learn(captioned),
    stop: () => void albef.stopTeaching(),
    forget: () => forget().catch(status.error),
  });

  async function open(choice: ModelChoice): Promise<void> {
    const wasOpen = ids.length > 0;
    query.enable(false);
    try {
      await takeIntoUse(await albef.open(choice, device, entries, report));
    } catch (error) {
      query.enable(wasOpen);
      status.failed(error, () => void open(choice));
    }
  }

  async function takeIntoUse(opened: OpenedModel): Promise<void> {
    isTaught = opened.isTaught;
    setIds(opened.ids);
    query.setRerank(opened.rerankHelps);
    showDevice(opened);
    status.say("");
    query.enable(true);
    await search(query.read());
  }

  async function learn(captioned: readonly CaptionedPhoto[]): Promise<void> {
    try {
      const taught = await albef.teach(captioned, proxy(teach.step), report);
      await takeIntoUse(taught.opened);
      teach.done(taught);
    } catch (error) {
      teach.ended("Nothing has changed.");
      status.error(error);
    }
  }

  async function forget(): Promise<void> {
    await takeIntoUse(await albef.forget(report));
    teach.ended("It is again as it came.");
  }

  async function search({ text, rerank, onlyOwn }: Query): Promise<void> {
    if (ids.length === 0) return;
    if (text !== "") {
      return show(albef.search({ text, topK: SHOWN, rerank: rerank ? RERANKED : 0, onlyOwn }), text);
    }
    latest++;
    const shown = onlyOwn ? ids.filter(isOwn) : ids;
    results.browse(shown);
    status.say(shown.length === 0 ? "No photos of yours yet: drop some on this page." : "");
  }

  /** Shows the outcome of the last search asked for; earlier ones that come late are dropped. */
  async function show(asked: Promise<SearchOutcome>, text: string): Promise<void> {
    const turn = ++latest;
    const outcome = await asked;
    if (turn !== latest) return;
    results.show(outcome.hits, text);
    status.say(outcome.hits.length === 0 ? "No photos of yours yet: drop some on this page." : "");
    showStages(outcome, ids.length);
  }

  function similar(id: string): void {
    query.clear();
    show(albef.similar(id, SHOWN), "").then(() => scrollTo({ top: 0, behavior: "smooth" }), status.error);
  }

  async function remove(id: string): Promise<void> {
    await albef.removePhoto(id);
    setIds(ids.filter((known) => known !== id));
    await search(query.read());
  }

  async function addPhotos(files: File[]): Promise<void> {
    const images = files.filter((file) => file.type.startsWith("image/"));
    if (images.length === 0) throw new Error("None of these files is a picture.");
    const { ids: added, failed } = await albef.addPhotos(images, report);
    setIds([...new Set([...ids, ...added])]);
    await search(query.read());
    const done = `${added.length} ${added.length === 1 ? "photo" : "photos"} added. Describe one of them.`;
    if (failed.length > 0) status.error(`${done} Not readable: ${failed.join("; ")}`);
    else status.say(done);
  }

  function setIds(now: readonly string[]): void {
    ids = now;
    const own = ids.filter(isOwn);
    showOwnCount(own.length);
    teach.show(own, isTaught);
  }

  onModelChoice((choice) => void open(choice), {
    list: () => albef.keptModels(),
    remove: (name) => albef.removeModel(name),
  });
  onFiles((files) => {
    if (isModel(files)) void open({ kind: "files", files });
    else if (files.length > 0) addPhotos(files).catch(status.error);
  });
  await open({ kind: "embedded" });
}

async function readGallery(): Promise<GalleryEntry[]> {
  const response = await fetch("gallery/gallery.json");
  if (!response.ok) throw new Error(`gallery.json: the server answered ${response.status}; build the demo again`);
  return response.json();
}

// Without one (private windows of some browsers) the page only needs its network.
if (import.meta.env.PROD) navigator.serviceWorker?.register("offline.js").catch(() => undefined);
start().catch(status.error);
