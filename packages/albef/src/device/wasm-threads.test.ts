import { expect, test } from "vitest";
import { keepSelfContained } from "./wasm-threads.ts";

/** What a minifier leaves of the factory: the guard is gone, the variable has another name. */
function minified(): (settings: { mainScriptUrlOrBlob?: string }) => string {
  const around = "the script's address";
  return (s) => s.mainScriptUrlOrBlob || around;
}

test("the factory's text runs in a scope of its own", () => {
  const factory = minified();
  const asText = () => new Function(`return ${factory.toString()}`)() as typeof factory;
  expect(() => asText()({})).toThrow(ReferenceError);
  keepSelfContained(factory);
  expect(asText()({})).toBeUndefined();
  expect(asText()({ mainScriptUrlOrBlob: "x" })).toBe("x");
  expect(factory({})).toBe("the script's address");
});

test("a factory without that variable is left as it is", () => {
  const factory = () => 1;
  const before = factory.toString();
  keepSelfContained(factory);
  expect(factory.toString()).toBe(before);
});

test("a second model on wasm finds the text as the first one left it", () => {
  const factory = minified();
  keepSelfContained(factory);
  const text = factory.toString();
  keepSelfContained(factory);
  expect(factory.toString()).toBe(text);
});
