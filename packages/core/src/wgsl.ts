/** WGSL text. Only the `wgsl` template makes it. */
export interface Wgsl {
  readonly text: string;
}

type Piece = Wgsl | string | number;

/** Joins WGSL text: dedents the template and indents multi-line pieces to the place where they are put. */
export function wgsl(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Wgsl {
  let text = strings[0]!;
  pieces.forEach((piece, i) => {
    const indent = /(?:^|\n)([ \t]*)[^\n]*$/.exec(text)?.[1] ?? "";
    text += write(piece).replaceAll("\n", `\n${indent}`) + strings[i + 1]!;
  });
  return { text: dedent(text) };
}

function write(piece: Piece): string {
  if (typeof piece === "number") {
    if (!Number.isFinite(piece)) throw new TypeError(`wgsl: cannot write ${piece} into a kernel`);
    return String(piece);
  }
  if (typeof piece === "string") return piece;
  if (typeof piece?.text === "string") return piece.text;
  throw new TypeError(`wgsl: cannot write ${String(piece)} into a kernel`);
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, "").trimEnd().split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)![0].length);
  const margin = Math.min(...indents, 1000);
  return lines.map((line) => line.slice(margin).trimEnd()).join("\n");
}

/** A number as an f32 literal. Non-finite values and those f32 cannot hold are refused. */
export function f32Literal(value: number): string {
  if (!Number.isFinite(Math.fround(value))) throw new TypeError(`wgsl: cannot write ${value} as f32`);
  const text = Math.fround(value).toString();
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}
