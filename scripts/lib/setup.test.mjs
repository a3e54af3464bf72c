import { describe, expect, test } from "vitest";
import { backportsLine } from "./apt.mjs";
import { nodeProblem } from "./install.mjs";

describe("nodeProblem", () => {
  test("names the version that is needed", () => {
    expect(nodeProblem("18.19.1")).toMatch(/Node 20\.19 or newer is needed, this is 18\.19\.1/);
    expect(nodeProblem("20.18.3")).toMatch(/20\.18\.3/);
  });

  test("accepts newer ones", () => {
    expect(nodeProblem("20.19.0")).toBeNull();
    expect(nodeProblem("22.2.0")).toBeNull();
  });
});

describe("backportsLine", () => {
  test("follows a deb822 stanza with its mirror and key", () => {
    const sources = [
      "Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
      "Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian.gpg\n",
    ].join("\n");
    expect(backportsLine("bookworm", [sources])).toBe(
      "deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian bookworm-backports main\n",
    );
  });

  test("follows a one-line entry with its options", () => {
    const list =
      "# deb http://old.example/debian bookworm main\ndeb [arch=amd64] http://mirror.example/debian bookworm main contrib\n";
    expect(backportsLine("bookworm", [list])).toBe(
      "deb [arch=amd64] http://mirror.example/debian bookworm-backports main\n",
    );
  });

  test("gives null where the machine has no entry for its release", () => {
    expect(backportsLine("bookworm", ["deb http://mirror.example/debian trixie main\n"])).toBeNull();
    expect(backportsLine("bookworm", [])).toBeNull();
  });
});
