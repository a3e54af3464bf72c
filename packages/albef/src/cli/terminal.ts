/** A mistake in how the command was called: told without a stack, with the usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const WIDTH = 30;
const LOG_EVERY_MS = 5000;

/** A progress bar on stderr; where that is no terminal, a line now and then. */
export function progressBar(title: string) {
  const { stderr } = process;
  let last = 0;
  return {
    update(done: number, total: number, note = "") {
      const share = total > 0 ? done / total : 1;
      const now = Date.now();
      if (!stderr.isTTY) {
        if (now - last < LOG_EVERY_MS && done < total) return;
        last = now;
        stderr.write(`${title}: ${Math.round(100 * share)} % ${note}\n`);
        return;
      }
      const filled = Math.round(WIDTH * share);
      stderr.write(
        `\r\x1b[K${title} [${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${Math.round(100 * share)} % ${note}`,
      );
    },
    end() {
      if (stderr.isTTY) stderr.write("\r\x1b[K");
    },
  };
}

/** Columns side by side; the first is left-aligned, the others right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
