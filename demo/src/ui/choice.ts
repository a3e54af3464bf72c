import { make } from "../dom.ts";

export interface Option<T> {
  readonly label: string;
  readonly value: T;
}

/** A row of buttons of which one is on. */
export function createChoice<T>(label: string, choose: (value: T) => void) {
  const buttons = make("div", { className: "segments" });
  buttons.setAttribute("role", "group");
  buttons.ariaLabel = label;
  const element = make("div", { className: "choice" }, [
    make("span", { className: "small", textContent: label }),
    buttons,
  ]);
  return {
    element,
    set(options: readonly Option<T>[], current: T) {
      buttons.replaceChildren(
        ...options.map(({ label: text, value }) => {
          const button = make("button", { type: "button", textContent: text, ariaPressed: String(value === current) });
          button.addEventListener("click", () => {
            for (const other of buttons.children) other.ariaPressed = String(other === button);
            choose(value);
          });
          return button;
        }),
      );
    },
  };
}
