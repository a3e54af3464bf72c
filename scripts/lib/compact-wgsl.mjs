// Kernels are text in templates tagged `wgsl`, which no minifier touches: their comments and indentation go here.

/** JavaScript (or TypeScript) with the comments and the indentation inside its `wgsl` templates taken out. */
export function compactWgsl(code) {
  let out = "";
  let at = 0;
  for (let tag = nextTag(code, at); tag; tag = nextTag(code, at)) {
    const begin = tag.index + tag[0].length;
    const { text, end } = template(code, begin, compactText);
    out += code.slice(at, begin) + text;
    at = end;
  }
  return out + code.slice(at);
}

function nextTag(code, from) {
  const tag = /\bwgsl ?`/g; // TypeScript writes a space
  tag.lastIndex = from;
  return tag.exec(code);
}

/** A template from after its backtick to after the closing one, its text pieces changed by `change`. */
function template(code, begin, change) {
  let text = "";
  let at = begin;
  let piece = begin;
  for (;;) {
    if (code[at] === "`") return { text: `${text}${change(code.slice(piece, at))}\``, end: at + 1 };
    if (code[at] === undefined) throw new Error("compactWgsl: a template does not end");
    if (code[at] === "\\") at += 2;
    else if (code.startsWith("${", at)) {
      const end = expressionEnd(code, at + 2);
      text += change(code.slice(piece, at)) + compactWgsl(code.slice(at, end));
      at = end;
      piece = end;
    } else at++;
  }
}

/** After the brace that closes an expression. */
function expressionEnd(code, begin) {
  let depth = 1;
  for (let at = begin; at < code.length; at++) {
    const char = code[at];
    if (char === "`") at = template(code, at + 1, (text) => text).end - 1;
    else if (char === '"' || char === "'") at = stringEnd(code, at);
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return at + 1;
  }
  throw new Error("compactWgsl: an expression does not end");
}

function stringEnd(code, begin) {
  let at = begin + 1;
  while (code[at] !== code[begin]) at += code[at] === "\\" ? 2 : 1;
  return at;
}

/** A comment that does not end in its piece of text goes on behind an expression, and stays. */
function compactText(text) {
  return text
    .replace(/[ \t]*\/\/[^\n]*(?=\n)/g, "")
    .replace(/\n\s*\n/g, "\n")
    .replace(/\n[ \t]+/g, "\n");
}
