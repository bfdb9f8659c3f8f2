/** What an engine shows of itself to a person: a table of texts. */
export interface View {
  readonly title: string;
  readonly columns: readonly string[];
  /** The newest or the fullest first; the page shows no more than some. */
  rows(): Promise<readonly (readonly string[])[]>;
}

export interface ShownView {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const MAX_ROWS = 100;

/** The views of all engines. */
export class Views {
  readonly #views: View[] = [];

  add(view: View): void {
    this.#views.push(view);
  }

  /** Those that have anything to show. */
  async shown(): Promise<ShownView[]> {
    const all = await Promise.all(
      this.#views.map(async ({ title, columns, rows }) => ({
        title,
        columns,
        rows: (await rows()).slice(0, MAX_ROWS),
      })),
    );
    return all.filter(({ rows }) => rows.length > 0);
  }
}
