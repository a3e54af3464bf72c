/**
 * tfjs sends the source text of its wasm factory to its threads. The factory reads one variable of the scope around it,
 * behind a `typeof` that minifiers of whole apps take away, so that every thread stops with a ReferenceError and the
 * backend never starts. This gives the text that variable; call it before the backend starts.
 */
export function keepSelfContained(factory: object): void {
  if (Object.hasOwn(factory, "toString")) return; // another model opened wasm before
  const source = factory.toString();
  const outer = /mainScriptUrlOrBlob(?:["']\])?\s*\|\|\s*([\w$]+)/.exec(source)?.[1];
  if (!outer) return;
  const text = `(() => { var ${outer}; return ${source}; })()`;
  Object.defineProperty(factory, "toString", { value: () => text });
}
