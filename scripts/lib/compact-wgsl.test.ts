import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { wgsl } from "../../packages/core/src/wgsl.ts";
import { compactWgsl } from "./compact-wgsl.mjs";

const ops = fileURLToPath(new URL("../../packages/core/src/ops", import.meta.url));

/** Code with `@{` for what begins an expression in a template. */
const code = (text: string) => text.replaceAll("@{", "${");

test("comments and indentation go, the kernel stays", () => {
  const template = code(
    "wgsl`\n  // sums\n  const N = @{n}u; // of @{n} rows\n\n  fn f() {\n    return; // done\n  }`",
  );
  const run = (from: string) => new Function("wgsl", "n", `return ${from}`)(wgsl, 3).text;
  expect(run(template)).toContain("// sums");
  expect(run(compactWgsl(template))).toBe("const N = 3u; // of 3 rows\nfn f() {\nreturn;\n}");
});

test("nested templates, strings with braces, and code around them", () => {
  const whole = 'const a = "wgsl"; const s = wgsl `x@{f({ k: "}" }, `// @{wgsl`  y // z\n`}`)} // gone\n`; // stays';
  const compact = 'const a = "wgsl"; const s = wgsl `x@{f({ k: "}" }, `// @{wgsl`  y\n`}`)}\n`; // stays';
  expect(compactWgsl(code(whole))).toBe(code(compact));
});

test("no kernel of the engine loses anything else: without white space and comments both are equal", () => {
  const bare = (text: string) => text.replace(/\/\/[^\n]*/g, "").replace(/\s+/g, "");
  const files = readdirSync(ops, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!test)\.ts$/.test(name));
  const kernels = files.map((name) => readFileSync(join(ops, name), "utf8")).filter((text) => text.includes("wgsl`"));
  expect(kernels.length).toBeGreaterThan(30);
  for (const kernel of kernels) expect(bare(compactWgsl(kernel))).toBe(bare(kernel));
});
