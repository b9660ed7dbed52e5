import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Backoff } from "./backoff.ts";
import { call } from "./call.ts";
import { steadyMs } from "./clock.ts";
import { addressOf, headersOfPlace, type Place } from "./place.ts";
import { ruleset, type Ruleset } from "./ruleset.ts";
import { parseSettings } from "./settings-form.ts";

const everyMs = 60_000;
/** The file holds the key that replacements are made with. */
const ownerOnly = 0o600;

export type Keeping = {
  /** Where the settings last known to be good are kept between two starts; null for nowhere. */
  readonly folder: string | null;
  readonly withDefaults: boolean;
  readonly changed: (rules: Ruleset) => void;
};

/** The settings in force: from the server, from disk until it has answered, or none yet. */
export class SettingsKeeper {
  readonly #place: Place;
  readonly #keeping: Keeping;
  readonly #backoff = new Backoff();
  #etag: string | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #refused: string | undefined;
  #rules: Ruleset | undefined;

  constructor(place: Place, keeping: Keeping) {
    this.#place = place;
    this.#keeping = keeping;
  }

  get rules(): Ruleset | undefined {
    return this.#rules;
  }

  /** Why the settings of the server are not those in force. */
  get refused(): string | undefined {
    return this.#refused;
  }

  async readKept(): Promise<void> {
    const path = this.#path();
    if (path === undefined) return;
    try {
      this.#use(await readFile(path, "utf8"));
    } catch {
      // None was kept, or it is of no use: until the server answers, only shapes are recorded.
      this.#rules = undefined;
    }
  }

  /** Asks when it is time to, or when the server has named another revision than the one in force. */
  async tick(revision: string | undefined): Promise<void> {
    const isOther =
      revision !== undefined && this.#rules !== undefined && revision !== this.#rules.settings.revision;
    const isOld = this.#rules === undefined || steadyMs() - this.#askedAt >= everyMs;
    if ((isOther || isOld) && this.#backoff.isDue) await this.fetch();
  }

  async fetch(): Promise<void> {
    try {
      const headers = {
        ...headersOfPlace(this.#place),
        ...(this.#etag !== undefined && { "If-None-Match": this.#etag }),
      };
      const url = addressOf(this.#place, "capture/v1/settings");
      const answer = await call({ method: "GET", url, headers, body: null });
      if (answer.status !== 304) {
        if (answer.status !== 200) throw new Error(`the server answered ${answer.status}`);
        this.#use(answer.text);
        this.#etag = answer.headers.etag;
        await this.#keep(answer.text);
      }
      this.#askedAt = steadyMs();
      this.#refused = undefined;
      this.#backoff.succeeded();
    } catch (error) {
      this.#refused = error instanceof Error ? error.message : "unknown";
      this.#backoff.failed(undefined);
    }
  }

  #use(text: string): void {
    this.#rules = ruleset(parseSettings(text), this.#keeping.withDefaults);
    this.#keeping.changed(this.#rules);
  }

  /** A folder that cannot be written to costs the next start its settings, and nothing now. */
  async #keep(text: string): Promise<void> {
    const path = this.#path();
    if (path === undefined) return;
    const draft = `${path}.${process.pid}`;
    try {
      await mkdir(this.#keeping.folder ?? "", { recursive: true });
      await writeFile(draft, text, { mode: ownerOnly });
      await rename(draft, path);
    } catch (error) {
      this.#refused = error instanceof Error ? error.message : "unknown";
    }
  }

  #path(): string | undefined {
    const { url, environment, bucket } = this.#place;
    const name = createHash("sha256")
      .update(JSON.stringify([url, environment, bucket]))
      .digest("hex")
      .slice(0, 16);
    return this.#keeping.folder === null
      ? undefined
      : join(this.#keeping.folder, `sluice-capture-${name}.json`);
  }
}
