import { isNode, nodeFs, nodePath } from "../platform.ts";
import type { TrainingPair } from "../training/types.ts";
import { DatasetError } from "./errors.ts";
import type { DatasetRow } from "./row.ts";
import { LISTS } from "./rows.ts";
import { diskTree, type FileTree, filesTree, pickedTree } from "./tree.ts";

/** In Node the path of a folder or of a list; in browsers picked or dropped files, or a picked folder. */
export type DatasetSource = string | readonly File[] | FileSystemDirectoryHandle;

export interface DatasetOptions {
  /** The folder at which the paths of a list begin (Node). Default: the folder of the list. */
  readonly images?: string | undefined;
  /** Told of pictures that have no caption or are not there. */
  readonly onSkip?: ((skipped: { readonly id: string; readonly reason: string }) => void) | undefined;
}

const PICTURE = /\.(jpe?g|png|webp|gif|avif)$/i;
const LIST = /\.(csv|jsonl|json)$/i;

/**
 * Pictures with captions: of a list (CSV with a header, JSONL, official ALBEF JSON, or COCO captions), else of pictures `name.jpg` with
 * `name.txt` beside them, one caption a line. Files are opened when they are needed, so that any number of pictures
 * needs little memory. Throws DatasetError, which names the file and the line.
 */
export async function* readDataset(source: DatasetSource, options: DatasetOptions = {}): AsyncGenerator<TrainingPair> {
  const { tree, pictures, list } = await placesOf(source, options);
  const skip = options.onSkip ?? (() => undefined);
  const rows = list === undefined ? captionFiles(tree, skip) : LISTS[endingOf(list)]!(await tree.open(list), list);
  for await (const { image, captions, imageId = image } of rows) {
    const picture = await pictures.picture(image);
    if (!picture) skip({ id: image, reason: `${pictures.label} hold no such picture` });
    else for (const caption of captions) yield { image: picture, caption, id: image, imageId };
  }
}

interface Places {
  readonly tree: FileTree;
  /** What the paths of pictures are relative to. */
  readonly pictures: FileTree;
  /** The list among them, if there is one. */
  readonly list?: string | undefined;
}

async function placesOf(source: DatasetSource, { images }: DatasetOptions): Promise<Places> {
  if (typeof source === "string") return diskPlaces(source, images);
  const tree = "kind" in source ? pickedTree(source) : filesTree(source);
  const lists = (await tree.paths()).filter((path) => LIST.test(path));
  if (lists.length > 1) throw new DatasetError(`${tree.label}: hold several lists (${lists.join(", ")}); give one`);
  return { tree, pictures: tree, list: lists[0] };
}

function diskPlaces(source: string, images: string | undefined): Places {
  const [fs, path] = [nodeFs(), nodePath()];
  if (!isNode() || !fs || !path) throw new DatasetError(`${source}: paths are read in Node only; give files`);
  const found = fs.statSync(source, { throwIfNoEntry: false });
  if (!found) throw new DatasetError(`${source}: there is no such file or folder`);
  if (found.isDirectory()) {
    const tree = diskTree(source);
    return { tree, pictures: tree };
  }
  if (!LIST.test(source)) throw new DatasetError(`${source}: a list ends in .csv, .jsonl or .json`);
  const tree = diskTree(path.dirname(source));
  return { tree, pictures: images === undefined ? tree : diskTree(images), list: path.basename(source) };
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).toLowerCase();
}

async function* captionFiles(tree: FileTree, skip: NonNullable<DatasetOptions["onSkip"]>): AsyncGenerator<DatasetRow> {
  const paths = await tree.paths();
  const known = new Set(paths);
  const images = paths.filter((path) => PICTURE.test(path));
  if (images.length === 0) throw new DatasetError(`${tree.label}: holds no picture`);
  for (const image of images) {
    const texts = image.replace(PICTURE, ".txt");
    if (known.has(texts)) yield { image, captions: (await (await tree.open(texts)).text()).trim().split(/\r?\n/) };
    else skip({ id: image, reason: `there is no ${texts}` });
  }
}
