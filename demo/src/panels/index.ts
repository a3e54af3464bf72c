import type { App, OpenPanel, Panel } from "../app.ts";
import { byId, make } from "../dom.ts";
import { openSearch } from "./search.ts";

interface Task {
  readonly name: string;
  readonly title: string;
  /** Loads the code of the panel. */
  load(): Promise<OpenPanel>;
}

const TASKS: readonly Task[] = [
  { name: "search", title: "Search", load: async () => openSearch },
  { name: "where", title: "Where", load: async () => (await import("./where.ts")).openWhere },
  { name: "ask", title: "Ask", load: async () => (await import("./ask.ts")).openAsk },
  { name: "compare", title: "Compare", load: async () => (await import("./compare.ts")).openCompare },
  { name: "entails", title: "Entails", load: async () => (await import("./entails.ts")).openEntails },
  { name: "scenes", title: "Scenes", load: async () => (await import("./scenes.ts")).openScenes },
  { name: "profile", title: "Profile", load: async () => (await import("./profile.ts")).openProfile },
  { name: "teach", title: "Teach", load: async () => (await import("./teach.ts")).openTeach },
];

/** The tabs: the address names the panel that is shown, and a panel's code is loaded when it is first shown. */
export function createPanels(app: App): Panel {
  const nav = byId("tabs", HTMLElement);
  const opened = new Map<string, Promise<Panel>>();
  const links = TASKS.map(({ name, title }) => make("a", { href: `#${name}`, textContent: title }));
  nav.append(...links);

  const rootOf = (name: string): HTMLElement => {
    const id = `panel-${name}`;
    const present = document.getElementById(id);
    if (present) return present;
    const root = make("section", { id, className: "panel" });
    byId("panels", HTMLElement).append(root);
    return root;
  };
  const open = async ({ name, load }: Task): Promise<Panel> => (await load())(app, rootOf(name));
  const shown = (): Task => TASKS.find(({ name }) => location.hash === `#${name}`) ?? TASKS[0]!;

  const show = async (): Promise<void> => {
    const task = shown();
    for (const [i, { name }] of TASKS.entries()) {
      rootOf(name).hidden = name !== task.name;
      if (name === task.name) {
        links[i]!.ariaCurrent = "page";
        links[i]!.scrollIntoView({ block: "nearest", inline: "nearest" }); // where not all tabs fit
      } else links[i]!.removeAttribute("aria-current");
    }
    if (!opened.has(task.name)) opened.set(task.name, open(task));
    try {
      (await opened.get(task.name)!).refresh();
    } catch (error) {
      opened.delete(task.name); // the next visit tries again
      app.status.error(error);
    }
  };
  addEventListener("hashchange", () => {
    scrollTo(0, 0);
    void show();
  });
  return { refresh: () => void show() };
}
