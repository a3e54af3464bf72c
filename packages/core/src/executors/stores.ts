import type { ParameterStore } from "../executor.ts";

/** One store or several, as a list. */
export function storesOf(stores: ParameterStore | readonly ParameterStore[]): readonly ParameterStore[] {
  return "specs" in stores ? [stores] : stores;
}
