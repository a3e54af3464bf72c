// What a page of the photo server does. The same lines run in Node, where the test runs them.
import { httpStore } from "albef/stores";

/** The shared gallery of a server, for a loaded model. Re-ranking fetches the few pictures that it looks at. */
export async function openSharedPhotos(model, server) {
  const photo = (name) => new URL(`/photos/${encodeURIComponent(name)}`, server);
  const gallery = await model.sharedGallery(httpStore(new URL("/index", server)), { imageOf: photo });
  return {
    search: (text) => gallery.search(text, { topK: 20, rerank: model.rerankHelps ? 8 : 0 }),
    /** Embeds here, on this user's GPU, what nobody has embedded yet. */
    async indexMissing(options) {
      const names = await (await fetch(new URL("/photos", server))).json();
      return gallery.add(
        (await gallery.missing(names)).map((name) => ({
          id: name,
          image: photo(name),
          meta: { type: name.split(".").at(-1) },
        })),
        options,
      );
    },
  };
}
