import { WeightError } from "./errors.ts";

/** JSON.parse keeps the last of two equal keys in silence: this finds them, at any depth, in valid JSON. */
export function expectUniqueKeys(who: string, json: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = stringEnd(json, i);
      if (isKey(json, end + 1)) {
        const key = JSON.parse(json.slice(i, end + 1)) as string;
        const seen = open.at(-1)!;
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

/** Whether a colon follows the string that ends in front of `at`. */
function isKey(json: string, at: number): boolean {
  let next = at;
  while (/\s/.test(json[next] ?? "")) next++;
  return json[next] === ":";
}
