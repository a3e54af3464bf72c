import { expect, test } from "vitest";
import { beamSearch } from "./beam-search.ts";

const END = 0;
/** After each word the chances of the end and of words 1 and 2. */
const CHANCES: Readonly<Record<string, readonly number[]>> = {
  "": [0.05, 0.5, 0.45],
  1: [0.3, 0.4, 0.3],
  2: [0.9, 0.05, 0.05],
  11: [0.6, 0.2, 0.2],
};

function search(beams: number, maxWords: number) {
  return beamSearch({
    ...{ beams, maxWords, end: END },
    async next(prefixes) {
      const rows = prefixes.map((words) => CHANCES[words.join("")] ?? [0.8, 0.1, 0.1]);
      const k = beams === 1 ? 1 : 3;
      const order = rows.map((row) => [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, k));
      return {
        words: order.flat(),
        logProbabilities: order.flatMap((words, row) => words.map((word) => Math.log(rows[row]![word]!))),
      };
    },
  });
}

test("greedy follows the likeliest word; beams find the answer that is likelier as a whole", async () => {
  const [greedy] = await search(1, 5);
  expect(greedy!.words).toEqual([1, 1]);
  expect(Math.exp(greedy!.logProbability)).toBeCloseTo(0.5 * 0.4 * 0.6, 12);
  const wide = await search(2, 5);
  expect(wide.map(({ words }) => words)).toEqual([[2], [1]]);
  expect(Math.exp(wide[0]!.logProbability)).toBeCloseTo(0.45 * 0.9, 12);
});

test("answers that do not end in time are cut off, and say so", async () => {
  const [cut] = await search(1, 1);
  expect(cut).toMatchObject({ words: [1], isComplete: false });
});
