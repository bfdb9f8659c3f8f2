/** An object and when its time is up. */
export interface Due {
  /** `s3://bucket/key` */
  readonly path: string;
  /** Of the content that is meant; null: whatever is there. */
  readonly etag: string | null;
  /** s since 1970. */
  readonly dueS: number;
  /** Tries that failed so far. */
  readonly attempts: number;
}

/** Where it stands what is to be done when. */
export interface Agenda {
  /** Puts an object down for its time. The same a second time changes nothing. */
  add(due: Due): Promise<void>;
  /** Puts down another try, unless the path was put down anew meanwhile. */
  putBack(due: Due): Promise<void>;
}
