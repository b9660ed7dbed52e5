/**
 * One kind of record that a document describes: `sluice config export` writes it and `sluice config apply` makes it so, by the
 * operations named here and no other way. Its fields are those that create and update take.
 */
export type Declarable = {
  /** Its heading in the document, such as `endpoints`. */
  readonly name: string;
  /**
   * The fields, and members of a view, by which a record is the same one on every server, such as `slug`. Several are joined by
   * `/`, which none of them may then contain.
   */
  readonly key: readonly string[];
  /** Whether the order in which records were made means something: a document has them in that of the list, else by key. */
  readonly inOrder: boolean;
  /** Names of operations. The first part of the path of update and remove takes a view's `id`. */
  readonly operations: {
    readonly list: string;
    readonly create: string;
    /** null = a record stays as it was made. */
    readonly update: string | null;
    readonly remove: string;
  };
  /** The member of what list answers that has the views. */
  readonly rows: string;
  /** Members of views by the fields that they show, where the names differ. */
  readonly shownAs: Readonly<Record<string, string>>;
  /** Which records it names and cannot be without, where the fields are not null: the more particular ones last. */
  readonly refers: readonly Reference[];
  /** What is made along with a record of this key. */
  readonly brings: (key: string) => readonly Brought[];
  /** Secret fields of create and update without which no record is made: one that is there has them. */
  readonly madeWith: readonly string[];
  /** Those that are stored once the record is there. */
  readonly secrets: readonly DeclaredSecret[];
};

/** The fields that together are the key of a record of another section. */
export type Reference = { readonly section: string; readonly by: readonly string[] };

/** A record of a section whose records are their keys and nothing else. */
export type Brought = { readonly section: string; readonly key: string };

/** Something that is stored and never shown: a document says that it is there, or which variable has it. */
export type DeclaredSecret = {
  readonly name: string;
  /** Stores it; takes it in `field`, and `besides`. */
  readonly operation: string;
  readonly field: string;
  readonly besides: Readonly<Record<string, unknown>>;
  /** What the member of a view says when it is stored, and when it is wanted and is not. */
  readonly told: { readonly member: string; readonly stored: string; readonly missing: string };
};
