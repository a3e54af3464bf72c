import "../style/bars.css";
import { make } from "../dom.ts";

export interface Share {
  readonly label: string;
  /** 0 to 1 */
  readonly probability: number;
}

/** Answers with their probabilities as bars, as they come. */
export function bars(shares: readonly Share[]): HTMLElement {
  const rows = shares.map(({ label, probability }) => {
    const filled = make("i");
    filled.style.width = `${Math.max(0.5, 100 * probability)}%`;
    const value = make("span", { className: "value", textContent: percent(probability) });
    return make("li", {}, [
      make("span", { className: "label", textContent: label }),
      make("span", { className: "track" }, [filled]),
      value,
    ]);
  });
  return make("ul", { className: "bars" }, rows);
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value < 10 && value >= 0.05 ? value.toFixed(1) : Math.round(value)} %`;
}
