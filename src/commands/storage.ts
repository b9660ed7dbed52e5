/** Where everything is stored, as `backup` and `restore` see it. */
export type Storage = {
  /** Makes a verified copy in a new folder, with the key file or without. */
  backUp(to: string, withKeys: boolean): Promise<Copied>;
  /** Puts a verified copy in place, where nothing may be yet. */
  restore(from: string): Promise<Copied>;
};

/** What was copied, and how it is told. */
export type Copied = {
  readonly manifest: {
    readonly sluice: string;
    readonly at: string;
    readonly files: readonly { readonly name: string; readonly bytes: number }[];
  };
  /** What was copied, or where it was put, such as the path of the data folder. */
  readonly place: string;
  /** By table. */
  readonly rows: Readonly<Record<string, number>>;
};
