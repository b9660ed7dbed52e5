/**
 * One kind of record that a document describes: `sluice config export` writes it and `sluice config apply` makes it so, by the
 * operations named here and no other way. Its fields are those that create and update take.
 */
export type Declarable = {
  /** Its heading in the document, such as `endpoints`. */
  readonly name: string;
  /** The field, and member of a view, by which a record is the same one on every server, such as `slug`. */
  readonly key: string;
  /** Names of operations. The first part of the path of update and remove takes a view's `id`. */
  readonly operations: {
    readonly list: string;
    readonly create: string;
    readonly update: string;
    readonly remove: string;
  };
  /** The member of what list answers that has the views. */
  readonly rows: string;
  /** Members of views by the fields that they show, where the names differ. */
  readonly shownAs: Readonly<Record<string, string>>;
  readonly secrets: readonly DeclaredSecret[];
};

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
