import { difference } from "@albef/core/testing";
import type { Expected, RecordedCase } from "./recorded-case.ts";

/** One line of the table: a quantity compared with what was recorded. */
export interface Check {
  readonly quantity: string;
  /** Largest absolute difference; for exact comparisons the number of differing entries. */
  readonly absolute: number;
  /** Largest absolute difference over the largest recorded magnitude. */
  readonly relative: number;
  readonly tolerance: string;
  readonly ok: boolean;
  readonly note?: string;
}

/** Compares numbers by a recorded tensor's own tolerance: |a - b| <= atol + rtol |b|, or equal where it is exact. */
export function checkNumbers(
  quantity: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { atol = 0, rtol = 0, exact = false }: Pick<Expected, "atol" | "rtol" | "exact">,
): Check {
  if (exact) return checkEqual(quantity, Array.from(actual), Array.from(expected));
  if (atol === 0 && rtol === 0) throw new Error(`${quantity}: the case states no tolerance`);
  const { maxAbs, worst, message } = difference(actual, expected, { atol, rtol });
  const scale = Array.from(expected).reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  const ok = worst <= 1;
  return {
    quantity,
    absolute: maxAbs,
    relative: scale > 0 ? maxAbs / scale : maxAbs,
    tolerance: `${brief(atol)} + ${brief(rtol)}|b|`,
    ok,
    ...(!ok && { note: message }),
  };
}

/** Compares plain values entry by entry; the number of entries that differ is reported. */
export function checkEqual(quantity: string, actual: unknown, expected: unknown): Check {
  const wrong = differingEntries(actual, expected);
  const note = wrong[0] && `${wrong[0].at}: ${text(wrong[0].actual)}, expected ${text(wrong[0].expected)}`;
  const total = Math.max(entries(expected).length, 1);
  return {
    quantity,
    absolute: wrong.length,
    relative: wrong.length / total,
    tolerance: "equal",
    ok: wrong.length === 0,
    ...(note && { note }),
  };
}

/** Compares outputs named like the recorded `out.*` tensors, without that prefix. */
export function checkOutputs(recorded: RecordedCase, outputs: Readonly<Record<string, ArrayLike<number>>>): Check[] {
  return Object.entries(outputs).map(([name, actual]) => {
    const expected = recorded.expected.get(`out.${name}`);
    if (!expected) throw new Error(`${recorded.name}: nothing is recorded for ${name}`);
    return checkNumbers(name, actual, recorded.tensor(`out.${name}`).data, expected);
  });
}

function entries(value: unknown): [string, unknown][] {
  if (ArrayBuffer.isView(value)) return Object.entries(Array.from(value as Float32Array));
  return typeof value === "object" && value !== null ? Object.entries(value) : [["", value]];
}

function differingEntries(actual: unknown, expected: unknown) {
  const left = new Map(entries(actual));
  const right = new Map(entries(expected));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((at) => text(left.get(at)) !== text(right.get(at)))
    .map((at) => ({ at: at || "value", actual: left.get(at), expected: right.get(at) }));
}

/** As JSON: tells -0, arrays and nested objects apart well enough. */
function text(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > 120 ? `${json.slice(0, 117)}...` : json;
}

export function brief(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}
