import { byId, make } from "../dom.ts";

const EXAMPLES = [
  "a red apple",
  "an animal in the sea",
  "a fast vehicle",
  "something sweet to eat",
  "a musical instrument",
];
const PAUSE_MS = 150;

export interface Query {
  readonly text: string;
  readonly rerank: boolean;
  readonly onlyOwn: boolean;
}

/** The search field with its examples and switches. `search` is called as the user types. */
export function createQuery(search: (query: Query) => void) {
  const field = byId("query", HTMLInputElement);
  const rerank = byId("rerank", HTMLInputElement);
  const mine = byId("mine", HTMLInputElement);
  const read = (): Query => ({ text: field.value.trim(), rerank: rerank.checked, onlyOwn: mine.checked });
  let timer: ReturnType<typeof setTimeout>;
  const now = () => {
    clearTimeout(timer);
    rememberInAddress(field.value.trim());
    search(read());
  };
  const set = (text: string) => {
    field.value = text;
    now();
  };
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
  });
  for (const toggle of [rerank, mine]) toggle.addEventListener("change", now);
  byId("search", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    now();
  });
  byId("examples", HTMLDivElement).append(...EXAMPLES.map((text) => example(text, set)));
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (event.key === "/" && !isTyping && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      location.hash = "search";
      field.closest("section")!.hidden = false;
      field.focus();
    }
    if (event.key === "Escape" && document.activeElement === field) set("");
  });
  return {
    read,
    clear: () => {
      field.value = "";
      rememberInAddress("");
    },
    setRerank(isOn: boolean) {
      rerank.checked = isOn;
    },
  };
}

function example(text: string, set: (text: string) => void): HTMLElement {
  const chip = make("button", { type: "button", textContent: text });
  chip.addEventListener("click", () => set(text));
  return chip;
}

/** A search can be reloaded, kept and sent as a link. */
function rememberInAddress(text: string): void {
  const url = new URL(location.href);
  if (text === "") url.searchParams.delete("q");
  else url.searchParams.set("q", text);
  history.replaceState(null, "", url);
}
