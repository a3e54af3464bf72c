import type { ProgressEvent } from "albef";

/**
 * Files that come side by side, told as one: a view of progress events in which what goes on meanwhile (loading, checking,
 * compiling) is left out until all are there.
 */
export function inSum(show: (event: ProgressEvent) => void): (event: ProgressEvent) => void {
  const coming = new Map<string, ProgressEvent>();
  const sum = (part: (event: ProgressEvent) => number) =>
    [...coming.values()].reduce((total, event) => total + part(event), 0);
  return (event) => {
    if (event.phase !== "download") {
      const rest = [...coming.values()].some(({ loaded, total }) => total !== null && loaded < total);
      if (rest && event.note === undefined && event.phase !== "index") return;
      coming.clear();
      return show(event);
    }
    coming.set(event.file, event);
    const file = coming.size > 1 ? "the model" : event.file;
    const isKnown = [...coming.values()].every(({ total }) => total !== null);
    show({
      ...event,
      file,
      loaded: sum(({ loaded }) => loaded),
      total: isKnown ? sum(({ total }) => total ?? 0) : null,
    });
  };
}
