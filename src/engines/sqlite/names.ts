import type { DatabaseSync, StatementSync } from "node:sqlite";

/** In memory; when there are more, all are looked up again. */
const codesMax = 20_000;
const strangersMax = 1_000;
/** Senders make up paths: once there are this many names, and for longer texts, those are stored as they are. */
const namesForFrequentMax = 100_000;
const frequentCharactersMax = 200;

/** The ids of texts that repeat, for the connection that writes them. */
export class Names {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #codes = new Map<string, number>();
  /** Of `codeIfFrequent`: the driver binds numbers as reals, and only other columns make them integers again. */
  readonly #frequent = new Map<string, bigint>();
  /** Texts that came once and are no names so far. */
  readonly #strangers = new Set<string>();
  #last: number;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare("select id from name where text = ?");
    this.#insert = database.prepare("insert into name (text) values (?)");
    this.#last = Number(database.prepare("select max(id) as last from name").get()?.["last"]);
  }

  /** The id of the text, which becomes a name if it is none. */
  codeOf = (text: string): number => this.#codes.get(text) ?? this.#lookUp(text);

  /** The id of a text that came before, else the text itself; for a column that takes both. */
  codeIfFrequent(text: string): bigint | string {
    const known = this.#frequent.get(text);
    if (known !== undefined) return known;
    if (text.length > frequentCharactersMax || this.#last >= namesForFrequentMax) return text;
    if (!this.#strangers.delete(text)) {
      if (this.#strangers.size >= strangersMax) this.#strangers.clear();
      this.#strangers.add(text);
      return text;
    }
    if (this.#frequent.size >= codesMax) this.#frequent.clear();
    const code = BigInt(this.codeOf(text));
    this.#frequent.set(text, code);
    return code;
  }

  /** To be called when a transaction failed: names that it made are no more. */
  forget(): void {
    this.#codes.clear();
    this.#frequent.clear();
  }

  #lookUp(text: string): number {
    if (this.#codes.size >= codesMax) this.#codes.clear();
    const found = this.#find.get(text)?.["id"];
    const code = typeof found === "number" ? found : Number(this.#insert.run(text).lastInsertRowid);
    this.#last = Math.max(this.#last, code);
    this.#codes.set(text, code);
    return code;
  }
}
