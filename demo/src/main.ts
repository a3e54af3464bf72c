import type { DevicePreference } from "albef";
import { proxy } from "comlink";
import type { App } from "./app.ts";
import { connect } from "./connect.ts";
import { byId } from "./dom.ts";
import { createLibrary } from "./library.ts";
import { createPanels } from "./panels/index.ts";
import type { GalleryEntry, ModelChoice, OpenedModel, PhotosAdded } from "./protocol/search.ts";
import { isModel, onModelChoice, showModel } from "./ui/model-chooser.ts";
import { onFiles } from "./ui/photos.ts";
import { createStatus, showDevice } from "./ui/status.ts";

const status = createStatus(() => void albef.cancel());
const albef = connect((message) => status.error(message));
const device = (new URLSearchParams(location.search).get("device") ?? "auto") as DevicePreference;

async function start(): Promise<void> {
  const library = createLibrary(await readGallery(), albef);
  const report = proxy(status.progress);
  let model: OpenedModel | undefined;

  const app: App = {
    ...{ albef, library, status, report },
    get model() {
      return model;
    },
    use(opened) {
      model = opened;
      library.set(opened.ids);
      showDevice(opened);
      status.say("");
      panels.refresh();
    },
    async addPhotos(files) {
      const images = files.filter((file) => file.type.startsWith("image/"));
      if (images.length === 0) throw new Error("None of these files is a picture.");
      const added = await albef.addPhotos(images, report);
      library.set([...new Set([...library.ids, ...added.ids])]);
      panels.refresh();
      if (added.failed.length > 0) status.error(outcomeOf(added));
      else status.say(outcomeOf(added));
      return added.ids;
    },
    async removePhoto(id) {
      await albef.removePhoto(id);
      library.set(library.ids.filter((known) => known !== id));
      panels.refresh();
    },
  };
  const panels = createPanels(app);
  const panelsRoot = byId("panels", HTMLElement);

  async function open(choice: ModelChoice): Promise<void> {
    const before = model;
    model = undefined; // nothing is asked of it meanwhile
    panelsRoot.ariaBusy = "true";
    panels.refresh();
    try {
      app.use(await albef.open(choice, device, library.entries, report));
      showModel(choice);
    } catch (error) {
      model = before;
      panels.refresh();
      status.failed(error, () => void open(choice));
    } finally {
      panelsRoot.ariaBusy = "false";
    }
  }

  onModelChoice((choice) => void open(choice), {
    list: () => albef.keptModels(),
    remove: (name) => albef.removeModel(name),
    failed: status.error,
  });
  onFiles((files) => {
    if (isModel(files)) void open({ kind: "files", files });
    else if (files.length > 0) app.addPhotos(files).catch(status.error);
  });
  await open({ kind: "embedded" });
}

function outcomeOf({ ids, failed, isCancelled }: PhotosAdded): string {
  const done = `${ids.length} ${ids.length === 1 ? "photo" : "photos"} added.`;
  const unread = failed.length > 0 ? ` Not readable: ${failed.join("; ")}` : "";
  return `${done}${isCancelled ? " The others were left out, as you cancelled." : ""}${unread}`;
}

async function readGallery(): Promise<GalleryEntry[]> {
  const response = await fetch("gallery/gallery.json");
  if (!response.ok) throw new Error(`gallery.json: the server answered ${response.status}; build the demo again`);
  return response.json();
}

// Without one (private windows of some browsers) the page only needs its network.
if (import.meta.env.PROD) navigator.serviceWorker?.register("offline.js").catch(() => undefined);
addEventListener("unhandledrejection", ({ reason }) => status.error(reason));
start().catch(status.error);
