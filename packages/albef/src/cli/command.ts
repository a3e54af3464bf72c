/** One command of the command line. `run` throws UsageError where the call makes no sense. */
export interface Command {
  readonly usage: string;
  run(args: readonly string[]): Promise<void>;
}
