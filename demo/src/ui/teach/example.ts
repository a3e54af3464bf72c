/** Albums made of the page's own pictures, for those who have no photos at hand. */
const ALBUMS: Readonly<Record<string, readonly string[]>> = {
  "road-trip": [
    "automobile-streamline",
    "sport-utility-vehicle-twemoji",
    "taxi-streamline",
    "bus-fluent-3d",
    "tractor-streamline",
  ],
  "our-garden": ["rose-noto-v1", "tulip-fluent-3d", "sunflower-emojione", "cactus-fluent-3d", "palm-tree-streamline"],
  "zoo-day": ["lion-noto", "elephant-streamline", "monkey-streamline", "panda-twemoji", "tiger-fluent-3d"],
  "birthday-lunch": [
    "pizza-twemoji",
    "hamburger-noto",
    "birthday-cake-noto",
    "ice-cream-twemoji",
    "doughnut-streamline",
  ],
};

/** Files named after their album, as one would find them in a folder of photos. */
export async function exampleAlbums(): Promise<File[]> {
  const wanted = Object.entries(ALBUMS).flatMap(([album, pictures]) =>
    pictures.map((picture, i) => ({ picture, name: `${album}-${i + 1}.webp` })),
  );
  return Promise.all(
    wanted.map(async ({ picture, name }) => {
      const response = await fetch(`gallery/${picture}.webp`);
      if (!response.ok) throw new Error(`${picture}.webp: the server answered ${response.status}`);
      return new File([await response.blob()], name, { type: "image/webp" });
    }),
  );
}
