import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError, formatConfig, parseConfig } from "./config-file.ts";

const own = JSON.parse(readFileSync(new URL("../../../weights/albef-mini/config.json", import.meta.url), "utf8"));
const sound = formatConfig(parseConfig(own));

test("a configuration comes back from its official names", () => {
  expect(formatConfig(parseConfig(JSON.parse(JSON.stringify(sound))))).toEqual(sound);
});

describe("what is no configuration is refused, with every fault named", () => {
  test.each<[string, unknown, RegExp]>([
    ["a list", [], /expected an object/],
    ["null", null, /expected an object/],
    ["nothing in it", {}, /image_res must be .* got nothing; .*hidden_size must be/],
    ["a width of 1e12", { ...sound, hidden_size: 1e12 }, /hidden_size must be .* at most 1048576, got 1000000000000/],
    ["a million layers", { ...sound, num_hidden_layers: 1e6 }, /num_hidden_layers must be .* at most 1024/],
    ["a million blocks", { ...sound, vision_depth: 1e6 }, /vision_depth must be .* at most 1024/],
    ["2^53 words", { ...sound, vocab_size: 2 ** 53 }, /vocab_size must be/],
    ["a fraction", { ...sound, hidden_size: 767.5 }, /hidden_size must be/],
    ["a number in quotes", { ...sound, hidden_size: "768" }, /hidden_size must be .* got "768"/],
    ["a list of a number", { ...sound, hidden_size: [768] }, /hidden_size must be/],
    ["an infinite eps", { ...sound, layer_norm_eps: Number.POSITIVE_INFINITY }, /layer_norm_eps must be/],
    ["NaN", { ...sound, temp: Number.NaN }, /temp must be/],
    ["a token beyond all", { ...sound, pad_token_id: 1e9 }, /pad_token_id must be/],
    ["widths that disagree", { ...sound, encoder_width: 7 }, /encoder_width 7 must equal vision_width/],
    ["patches that do not fit", { ...sound, patch_size: 7 }, /must hold whole patches of 7/],
  ])("%s", (_title, json, message) => {
    expect(() => parseConfig(json)).toThrow(ConfigError);
    expect(() => parseConfig(json)).toThrow(message);
  });
});

test("__proto__ and constructor are keys like any other", () => {
  const json = JSON.parse(
    `{"__proto__": {"hidden_size": 5, "polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "bert_config": {"__proto__": {"polluted": 1}}}`,
  );
  expect(parseConfig({ ...json, ...sound })).toEqual(parseConfig(sound));
  expect(() => parseConfig(json)).toThrow(/hidden_size must be .* got nothing/); // nothing is inherited
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
