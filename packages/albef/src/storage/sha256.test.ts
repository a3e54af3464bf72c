import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

const text = (value: string) => new TextEncoder().encode(value);

test("the examples of FIPS 180-4", () => {
  expect(sha256().hex()).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256().update(text("abc")).hex()).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const two = text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  expect(sha256().update(two).hex()).toBe("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
});

test("every length up to three blocks, in pieces of every size, as Node's own", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 131 + 7) % 256);
  for (let length = 0; length <= bytes.length; length++) {
    const wanted = createHash("sha256").update(bytes.subarray(0, length)).digest("hex");
    for (const piece of [1, 7, 63, 64, 65, 200]) {
      const hash = sha256();
      for (let at = 0; at < length; at += piece) hash.update(bytes.subarray(at, Math.min(at + piece, length)));
      expect(hash.hex()).toBe(wanted);
    }
  }
});

test("bytes inside a larger buffer", () => {
  const inside = new Uint8Array(300).fill(5).subarray(13, 213);
  expect(sha256().update(inside).hex()).toBe(createHash("sha256").update(inside).digest("hex"));
});
