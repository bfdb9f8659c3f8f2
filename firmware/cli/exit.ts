/** What a shell or a unit file can tell results apart by. `roverd --help` lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, refused: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error whose message alone tells the user what to do: printed without a stack. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
