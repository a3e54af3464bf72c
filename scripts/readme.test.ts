import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Albef } from "albef";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const photo = (id: string) => ({ id, image: new Blob([readFileSync(join(root, "weights", "gallery", id))]) });

test("the lines of the README run as they are written", async () => {
  const [, lines] = /```js\nimport { Albef } from "albef";\n([^`]*)```/.exec(
    readFileSync(join(root, "README.md"), "utf8"),
  )!;
  const folder = mkdtempSync(join(tmpdir(), "albef-readme-"));
  const body = lines!
    .replace('"weights/albef-mini"', JSON.stringify(join(root, "weights", "albef-mini")))
    .replace('"photos.albef"', JSON.stringify(join(folder, "photos.albef")));
  const photos = ["pizza-twemoji.webp", "sailboat-fluent-3d.webp", "sunflower-emojione.webp"].map(photo);
  try {
    const run = new Function(
      "Albef",
      "photos",
      `return (async () => { ${body} return { hits, captions, gallery }; })()`,
    );
    const { hits, captions, gallery } = await run(Albef, photos);
    expect(hits[0].id).toBe("sailboat-fluent-3d.webp");
    expect(captions[0].caption).toBe("a sailboat");
    expect(gallery.size).toBe(3);
    expect(readFileSync(join(folder, "photos.albef")).length).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
