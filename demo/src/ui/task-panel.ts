import { make } from "../dom.ts";

const PAUSE_MS = 350;

export function panelHead(title: string, lead: string): HTMLElement {
  return make("header", { className: "panel-head" }, [
    make("h1", { textContent: title }),
    make("p", { className: "lead", textContent: lead }),
  ]);
}

/** Calls when the user has stopped typing for a moment, or pressed Enter. */
export function whileTyping(field: HTMLInputElement | HTMLTextAreaElement, run: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    run();
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
  });
  field.addEventListener("change", () => {
    if (timer !== undefined) now(); // else it has run already
  });
}
