import { WeightError } from "./errors.ts";

/** JSON.parse keeps the last of two equal keys in silence: this finds them in the top-level object of valid JSON. */
export function expectUniqueKeys(who: string, json: string): void {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === '"') {
      const end = stringEnd(json, i);
      if (depth === 1 && /^\s*:/.test(json.slice(end + 1, end + 40))) {
        const key = JSON.parse(json.slice(i, end + 1)) as string;
        if (seen.has(key)) throw new WeightError(`${who}: ${key} is there twice`);
        seen.add(key);
      }
      i = end;
    }
  }
}

function stringEnd(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    if (json[i] === "\\") i++;
    else if (json[i] === '"') return i;
  }
  return json.length - 1;
}
