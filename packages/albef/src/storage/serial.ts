/** Runs what it is given one after another. */
export function serial(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined); // its caller sees the failure; the next one starts all the same
    return next;
  };
}
