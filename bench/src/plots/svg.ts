/** One line of a plot; x and y are positive, both axes are logarithmic. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  /** A bound or an expectation: drawn dashed. */
  readonly dashed?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 20;
const TOP = 44;
const BOTTOM = 100;
const COLOURS = ["#0b63c5", "#c2410c", "#0f7b4f", "#7c3aed"];

/** A plot over logarithmic axes as an SVG file: a power of x is a straight line whose slope is the exponent. */
export function svgPlot({ title, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((line) => line.points);
  const x = axis(
    points.map(([value]) => value),
    [LEFT, WIDTH - RIGHT],
  );
  const y = axis(
    points.map(([, value]) => value),
    [HEIGHT - BOTTOM, TOP],
  );
  const body = [
    `<text x="${LEFT}" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...x.ticks.map((tick) => grid(x.at(tick), [TOP, HEIGHT - BOTTOM], "vertical")),
    ...y.ticks.map((tick) => grid(y.at(tick), [LEFT, WIDTH - RIGHT], "horizontal")),
    ...x.ticks.map((tick) => text(shortNumber(tick), x.at(tick), HEIGHT - BOTTOM + 18, "middle")),
    ...y.ticks.map((tick) => text(shortNumber(tick), LEFT - 8, y.at(tick) + 4, "end")),
    text(xLabel, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 40, "middle"),
    `<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...series.flatMap((line, i) => drawn(line, COLOURS[i % COLOURS.length]!, (at) => [x.at(at[0]), y.at(at[1])])),
    ...series.flatMap(({ name, dashed }, i) => legend(name, i, dashed === true)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...body,
    "</svg>\n",
  ].join("\n");
}

interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** A logarithmic axis over the values, a little wider than they are; ticks at 1, 2 and 5 times powers of ten. */
function axis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const low = Math.log10(Math.min(...values)) - 0.05;
  const high = Math.log10(Math.max(...values)) + 0.05;
  const at = (value: number) => from + ((Math.log10(value) - low) / Math.max(high - low, 1e-9)) * (to - from);
  const decades = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => 10 ** (Math.floor(low) + i));
  const steps = high - low > 3 ? [1] : [1, 2, 5];
  const ticks = decades.flatMap((decade) => steps.map((step) => step * decade));
  return { at, ticks: ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high) };
}

function grid(at: number, [from, to]: readonly [number, number], direction: "vertical" | "horizontal"): string {
  const [x1, x2, y1, y2] = direction === "vertical" ? [at, at, from, to] : [from, to, at, at];
  return `<line x1="${fixed(x1)}" x2="${fixed(x2)}" y1="${fixed(y1)}" y2="${fixed(y2)}" stroke="#ddd"/>`;
}

function drawn(
  { points, dashed }: Series,
  colour: string,
  place: (at: readonly [number, number]) => number[],
): string[] {
  const path = points.map((at) => place(at).map(fixed).join(",")).join(" ");
  const dash = dashed ? ' stroke-dasharray="5 4"' : "";
  const line = `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`;
  if (dashed) return [line];
  return [line, ...points.map((at) => dot(place(at) as [number, number], colour))];
}

function dot([x, y]: readonly [number, number], colour: string): string {
  return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="3.5" fill="${colour}"/>`;
}

function legend(name: string, i: number, dashed: boolean): string[] {
  const [x, y] = [LEFT + (i % 2) * 290, HEIGHT - 34 + Math.floor(i / 2) * 18];
  const dash = dashed ? ' stroke-dasharray="5 4"' : "";
  return [
    `<line x1="${x}" x2="${x + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2"${dash}/>`,
    text(name, x + 30, y, "start"),
  ];
}

function text(content: string, x: number, y: number, anchor: "start" | "middle" | "end"): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

const fixed = (value: number) => value.toFixed(1);

function shortNumber(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e3) return `${value / 1e3}k`;
  return String(Number(value.toPrecision(2)));
}

/** The exponent of y over x: the slope of the least-squares line through the logarithms. */
export function exponentOf(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (i: 0 | 1) => logs.reduce((sum, point) => sum + point[i], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}
