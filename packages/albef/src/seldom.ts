/** Small parts that many pages do without: one module, so that what it shares with the others is not cut into pieces. */

export { tokenizerFromVocab } from "@albef/encoder";
export { rankCaptions } from "./gallery/captions.ts";
export { checkedStore } from "./gallery/checked-store.ts";
export { readSaved, writeTarget } from "./gallery/index-store.ts";
export { cacheApiStore } from "./hub/cache-api-store.ts";
export { openLocal } from "./hub/local.ts";
export { quotaError } from "./hub/quota.ts";
export { filesWithShared } from "./model/shared-weights.ts";
