import type { DevicePreference } from "albef";
import { proxy, wrap } from "comlink";
import { byId, make } from "./dom.ts";
import {
  type GalleryEntry,
  type ModelChoice,
  type OpenedModel,
  OWN,
  type SearchOutcome,
  type SearchWorker,
} from "./protocol.ts";
import { onModelChoice } from "./ui/model-chooser.ts";
import { onPhotos, showOwnCount } from "./ui/photos.ts";
import { createResults, type Results } from "./ui/results.ts";
import { createStatus, showDevice, showTiming } from "./ui/status.ts";

const EXAMPLES = [
  "a red apple",
  "an animal in the sea",
  "a fast vehicle",
  "something sweet to eat",
  "a musical instrument",
];
const SHOWN = 24;
const RERANKED = 16;

const query = byId("query", HTMLInputElement);
const rerank = byId("rerank", HTMLInputElement);
const onlyOwn = byId("mine", HTMLInputElement);
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: document.baseURI });
const albef = wrap<SearchWorker>(worker);
const status = createStatus(() => void albef.cancel());
const device = (new URLSearchParams(location.search).get("device") ?? "auto") as DevicePreference;
let ids: string[] = [];
let latest = 0;

worker.addEventListener("error", (event) =>
  status.error(`The worker stopped: ${event.message || "it could not start"}`),
);

async function start(): Promise<void> {
  const response = await fetch("gallery/gallery.json");
  if (!response.ok)
    throw new Error(`gallery/gallery.json: the server answered ${response.status}; build the demo again`);
  const entries = (await response.json()) as GalleryEntry[];
  const results = createResults(entries, { similar, remove, photoUrl });
  const run = showRanking(results);

  async function open(choice: ModelChoice): Promise<void> {
    query.disabled = true;
    const opened: OpenedModel = await albef.open(
      choice,
      device,
      entries,
      proxy((event) => status.progress(event, true)),
    );
    ids = [...opened.ids];
    rerank.checked = opened.rerankHelps;
    query.disabled = false;
    showDevice(opened);
    refreshOwn();
    await search();
  }

  async function search(): Promise<void> {
    const text = query.value.trim();
    if (text === "") {
      results.browse(onlyOwn.checked ? ids.filter((id) => id.startsWith(OWN)) : ids);
      status.say(
        onlyOwn.checked && !ids.some((id) => id.startsWith(OWN)) ? "No photos of yours yet: drop some below." : "",
      );
      return;
    }
    const request = { text, topK: SHOWN, rerank: rerank.checked ? RERANKED : 0, onlyOwn: onlyOwn.checked };
    await run(() => albef.search(request), "No picture to search yet.");
  }

  function similar(id: string): void {
    query.value = "";
    void run(() => albef.similar(id, SHOWN), "Nothing similar here.").catch(status.error);
  }

  async function remove(id: string): Promise<void> {
    await albef.removePhoto(id);
    ids = ids.filter((known) => known !== id);
    refreshOwn();
    await search();
  }

  async function addPhotos(files: File[]): Promise<void> {
    const images = files.filter((file) => file.type.startsWith("image/"));
    if (images.length === 0) throw new Error("None of these files is a picture.");
    const { ids: added, failed } = await albef.addPhotos(
      images,
      proxy((event) => status.progress(event, true)),
    );
    ids = [...new Set([...ids, ...added])];
    refreshOwn();
    await search();
    status.say(
      failed.length > 0 ? `Not readable: ${failed.join("; ")}` : `${added.length} added. Describe one of them.`,
    );
  }

  wire({ search, open, addPhotos });
  await open({ kind: "embedded" });
}

/** Shows the outcome of the last search asked for; earlier ones that come late are dropped. */
function showRanking(results: Results) {
  return async (ask: () => Promise<SearchOutcome>, empty: string): Promise<void> => {
    const turn = ++latest;
    const { hits, ms } = await ask();
    if (turn !== latest) return;
    results.show(hits);
    status.say(hits.length === 0 ? empty : "");
    showTiming(`search ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms over ${ids.length} pictures`);
  };
}

interface Actions {
  search(): Promise<void>;
  open(choice: ModelChoice): Promise<void>;
  addPhotos(files: File[]): Promise<void>;
}

function wire({ search, open, addPhotos }: Actions): void {
  let timer: ReturnType<typeof setTimeout>;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void search().catch(status.error), 150);
  };
  query.addEventListener("input", soon);
  for (const toggle of [rerank, onlyOwn]) toggle.addEventListener("change", soon);
  byId("search", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    soon();
  });
  const chips = EXAMPLES.map((text) => {
    const chip = make("button", { type: "button", textContent: text });
    chip.addEventListener("click", () => {
      query.value = text;
      soon();
    });
    return chip;
  });
  byId("examples", HTMLDivElement).append(...chips);
  onPhotos((files) => void addPhotos(files).catch(status.error));
  onModelChoice((choice) => void open(choice).catch(status.error));
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== query) {
      event.preventDefault();
      query.focus();
    }
    if (event.key === "Escape" && document.activeElement === query) {
      query.value = "";
      soon();
    }
  });
}

function refreshOwn(): void {
  showOwnCount(ids.filter((id) => id.startsWith(OWN)).length);
}

async function photoUrl(id: string): Promise<string> {
  return URL.createObjectURL(await albef.photo(id));
}

start().catch(status.error);
