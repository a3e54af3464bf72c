import type { App } from "../../app.ts";
import { make } from "../../dom.ts";
import type { LessonReport } from "../../protocol/lesson.ts";

const AS_IT_CAME = "";

/** The lessons that this browser keeps: which one is in use, download, upload, removal, and back to the model as it came. */
export function createLessons(app: App, showReport: (report: LessonReport | undefined) => void) {
  const { albef, status, report } = app;
  const select = make("select", { ariaLabel: "Lesson in use" });
  const button = (textContent: string) => make("button", { type: "button", textContent });
  const [download, remove, reset] = [button("Download"), button("Delete"), button("Back to the model as it came")];
  const file = make("input", { type: "file", accept: ".safetensors" });
  const upload = make("label", { className: "button" }, ["Upload", file]);
  const element = make("div", { className: "lessons" }, [
    make("label", {}, [make("span", { className: "small", textContent: "Learnt" }), select]),
    make("div", { className: "row" }, [download, upload, remove, reset]),
  ]);
  const use = async (name: string | undefined) => app.use(await albef.useLesson(name, report));
  const on = (target: HTMLElement, event: string, act: () => Promise<unknown>) =>
    target.addEventListener(event, () => void act().catch(status.error));

  on(select, "change", () => use(select.value === AS_IT_CAME ? undefined : select.value));
  on(reset, "click", async () => {
    await use(undefined);
    status.say("The model is again as it came. The lesson is kept.");
  });
  on(remove, "click", async () => {
    const name = select.value;
    await use(undefined);
    await albef.removeLesson(name);
    await refresh();
  });
  on(download, "click", async () => save(await albef.lessonFile(select.value), `${select.value}.safetensors`));
  on(file, "change", async () => {
    const [chosen] = file.files ?? [];
    file.value = "";
    if (chosen) app.use(await albef.addLesson(chosen, report));
  });

  async function refresh(): Promise<void> {
    const inUse = app.model?.lesson;
    const kept = await albef.lessons();
    const names = kept.map(({ name }) => make("option", { value: name, textContent: name }));
    select.replaceChildren(
      make("option", { value: AS_IT_CAME, textContent: "nothing: the model as it came" }),
      ...names,
    );
    select.value = inUse ?? AS_IT_CAME;
    for (const part of [download, remove, reset]) part.hidden = inUse === undefined;
    showReport(kept.find(({ name }) => name === inUse)?.report);
  }
  return {
    element,
    refresh,
    enable(isOn: boolean) {
      for (const part of [select, download, remove, reset, file]) part.disabled = !isOn;
    },
  };
}

function save(content: Blob, name: string): void {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(URL.revokeObjectURL, 60_000, link.href); // the browser reads it while it saves
}
