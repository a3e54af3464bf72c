import { expect, test } from "vitest";
import { exponentOf, svgPlot } from "./svg.ts";

test("the exponent of a power is found", () => {
  expect(exponentOf([1, 2, 4, 8].map((x) => [x, 3 * x ** 1.5] as const))).toBeCloseTo(1.5);
  expect(
    exponentOf([
      [1, 5],
      [10, 5],
    ]),
  ).toBeCloseTo(0);
});

test("a plot has a line, its points, ticks inside the axes and names as text", () => {
  const svg = svgPlot({
    title: "time & size",
    xLabel: "rows",
    yLabel: "ms",
    series: [
      {
        name: "search",
        points: [
          [1000, 1],
          [10000, 9],
          [100000, 100],
        ],
      },
      {
        name: "bound",
        points: [
          [1000, 0.5],
          [100000, 50],
        ],
        dashed: true,
      },
    ],
  });
  expect(svg).toContain("time &amp; size");
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg).toContain(">10k<");
  const numbers = [...svg.matchAll(/(?:cx|cy|x1|x2|y1|y2)="([\d.-]+)"/g)].map(([, value]) => Number(value));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(640);
});
