import { GalleryStoreError } from "../../errors.ts";
import type { GalleryStore, MetaFilter, PictureMeta, StoreHit, StoreModel } from "../store.ts";
import { vectorNumbers } from "./vectors.ts";

/** What a client asks of a store behind a server: one POST in JSON, answered by `handleStoreRequest`. */
export type StoreCall = { readonly model: StoreModel } & (
  | { readonly method: "open" | "count" }
  | { readonly method: "put"; readonly pictures: readonly WirePicture[] }
  | { readonly method: "remove" | "missing"; readonly ids: readonly string[] }
  | { readonly method: "feature"; readonly id: string }
  | { readonly method: "nearest"; readonly feature: readonly number[]; readonly k: number; readonly where?: MetaFilter }
);

export interface WirePicture {
  readonly id: string;
  readonly feature: readonly number[];
  readonly meta?: PictureMeta | undefined;
}

export interface HttpStoreOptions {
  /** Sent with every request, for instance an authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Call = StoreCall extends infer C ? (C extends unknown ? Omit<C, "model"> : never) : never;

/** A store behind a server. Throws GalleryStoreError with what the server says. */
export function httpStore(url: string | URL, { headers = {} }: HttpStoreOptions = {}): GalleryStore {
  let model: StoreModel | undefined;
  const ask = async (call: Call, signal?: AbortSignal): Promise<unknown> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ ...call, model }),
      ...(signal && { signal }),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && isAnswer(answer)) return answer.result;
    const problem = (answer as { readonly error?: string } | undefined)?.error ?? "no answer of a gallery store";
    throw new GalleryStoreError(`${url} answered ${response.status}: ${problem}`);
  };
  const dispose = () => undefined;
  return {
    async open(wanted) {
      model = wanted;
      await ask({ method: "open" });
    },
    async put(pictures) {
      const sent = pictures.map(({ id, feature, meta }) => ({ id, feature: vectorNumbers(feature), meta }));
      await ask({ method: "put", pictures: sent });
    },
    remove: async (ids) => (await ask({ method: "remove", ids })) as number,
    async feature(id) {
      const feature = (await ask({ method: "feature", id })) as readonly number[] | null;
      return feature ? Float32Array.from(feature) : undefined;
    },
    missing: async (ids) => (await ask({ method: "missing", ids })) as string[],
    async nearest(feature, { k, where, signal }) {
      const call = { method: "nearest", feature: vectorNumbers(feature), k, ...(where && { where }) } as const;
      return (await ask(call, signal)) as StoreHit[];
    },
    count: async () => (await ask({ method: "count" })) as number,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function isAnswer(answer: unknown): answer is { readonly result: unknown } {
  return typeof answer === "object" && answer !== null && "result" in answer;
}
