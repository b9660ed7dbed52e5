import { hostname } from "node:os";
import type { Place } from "./place.ts";

/** Each can also be said by a variable of the environment; what is said in code comes first. */
export type CaptureSettings = {
  /** Address of the Sluice server, such as `https://sluice.example.com`. `SLUICE_URL` */
  readonly url: string;
  /** An API key, or a management token with the scope `traffic:capture`. `SLUICE_KEY` */
  readonly key: string;
  /** `SLUICE_ENVIRONMENT`, by default `production`. */
  readonly environment: string;
  /** `SLUICE_BUCKET`, by default `default`. */
  readonly bucket: string;
  /** What this process is called in records. `SLUICE_SERVICE`, by default the name of its npm package. */
  readonly service: string;
  /** A folder where the settings last known to be good are kept for the next start. `SLUICE_SETTINGS_FOLDER`, by default none. */
  readonly settingsFolder: string;
  /** What weakens the protection of those whose traffic is captured, and has to be asked for by this name. */
  readonly unsafe: {
    /** Only the redaction rules of the server hold. Passwords, cookies, keys and cards reach it unless those name them. */
    readonly withoutDefaultRedactions: boolean;
  };
};

export type CaptureOptions = Partial<CaptureSettings>;

export type Resolved = {
  readonly place: Place;
  readonly service: string;
  readonly instance: string;
  readonly settingsFolder: string | null;
  readonly withDefaults: boolean;
};

/** What is missing, or cannot be: a text for whoever runs the process. */
export type Unusable = { readonly reason: string };

export function resolved(
  options: CaptureOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Resolved | Unusable {
  const said = (option: string | undefined, variable: string) =>
    option ?? (environment[variable] || undefined);
  const url = said(options.url, "SLUICE_URL");
  const key = said(options.key, "SLUICE_KEY");
  if (url === undefined || !/^https?:$/.test(protocolOf(url)))
    return { reason: "url (SLUICE_URL) is no http address" };
  if (key === undefined || /[^\x21-\x7e]/.test(key))
    return { reason: "key (SLUICE_KEY) is missing or no key" };
  return {
    place: {
      url,
      key,
      environment: said(options.environment, "SLUICE_ENVIRONMENT") ?? "production",
      bucket: said(options.bucket, "SLUICE_BUCKET") ?? "default",
    },
    service: said(options.service, "SLUICE_SERVICE") ?? environment["npm_package_name"] ?? "node",
    instance: `${hostname()}:${process.pid}`,
    settingsFolder: said(options.settingsFolder, "SLUICE_SETTINGS_FOLDER") ?? null,
    withDefaults: options.unsafe?.withoutDefaultRedactions !== true,
  };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}
