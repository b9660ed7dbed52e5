import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { ringOf } from "./engines/vault/key-text.ts";
import { parseCidrs, type Cidr } from "./engines/outbound/address.ts";
import { Failure } from "./kernel/failure.ts";
import { Secret } from "./kernel/secret.ts";

/** One variable of the environment: how it is read, and what a person is told of it. */
type Variable<T> = {
  readonly does: string;
  readonly example: string;
  /** Shown in the reference; what holds when the variable is absent or empty. */
  readonly fallback: string;
  parse(text: string): T;
};

function variable<T>(it: Variable<T>): Variable<T> {
  return it;
}

/** Every environment variable there is. Nothing else reads the environment. */
export const variables = {
  SLUICE_PORT: variable({
    does: "Port to listen on; 0 takes any free one.",
    example: "8080",
    fallback: "8080",
    parse: (text) => numberIn(0, 65_535).parse(text),
  }),
  SLUICE_HOST: variable({
    does: "Address to listen on. 0.0.0.0 makes the server reachable from other machines: put TLS in front.",
    example: "127.0.0.1",
    fallback: "127.0.0.1",
    parse: (text) => z.union([z.ipv4(), z.ipv6()], "must be an IPv4 or IPv6 address").parse(text),
  }),
  SLUICE_PUBLIC_URL: variable({
    does: "The address providers and people reach the server at; ingest URLs are made from it. Empty = the listening address.",
    example: "https://sluice.example.com",
    fallback: "",
    parse: (text) =>
      text === ""
        ? null
        : z
            .url({ protocol: /^https?$/ })
            .parse(text)
            .replace(/\/+$/, ""),
  }),
  SLUICE_DATA_DIR: variable({
    does: "Folder for everything that is stored; created on first start, held by one process at a time.",
    example: "/var/lib/sluice",
    fallback: ".sluice",
    parse: (text) => z.string().min(1).parse(text),
  }),
  SLUICE_DATABASE_URL: variable({
    does: "A PostgreSQL database (14 or later) that keeps everything instead of files in the data folder, shared by any number of nodes. Empty = the embedded database, for one process.",
    example: "postgres://sluice:EXAMPLE@db.example.com:5432/sluice?sslmode=verify-full",
    fallback: "",
    parse: (text) =>
      text === ""
        ? null
        : new Secret(
            z
              .url({ protocol: /^postgres(ql)?$/, error: "must be a URL that begins with postgres://" })
              .parse(text),
          ),
  }),
  SLUICE_VAULT_KEYS: variable({
    does: "The keys that stored secrets are sealed with, in place of the file `keys` in the data folder, so that all servers of one database have the same: 43 characters each, with commas or spaces between them, the current one first.",
    example: "ExampleExampleExampleExampleExampleExample0",
    fallback: "",
    parse: (text) => (text === "" ? undefined : ringOf(text, (fault) => new Error(`it ${fault}`))),
  }),
  SLUICE_OUTBOUND_ALLOW: variable({
    does: "Addresses that are not public and may be delivered to all the same, as CIDR blocks separated by commas.",
    example: "10.0.0.0/8,127.0.0.0/8",
    fallback: "",
    parse: (text): readonly Cidr[] => parseCidrs(text),
  }),
  SLUICE_TRUSTED_PROXIES: variable({
    does: "Proxies in front of the server whose X-Forwarded-For says where a request was sent from, as CIDR blocks separated by commas: limits by address and what is recorded go by that. Empty = none, and every request behind a proxy counts as the proxy's.",
    example: "127.0.0.1/32,10.0.0.0/8",
    fallback: "",
    parse: (text): readonly Cidr[] => parseCidrs(text, "SLUICE_TRUSTED_PROXIES"),
  }),
  SLUICE_BOOTSTRAP_API_KEY: variable({
    does: "The first API key, instead of a random one: mk_ and 48 or 49 letters and digits. Read on first start only.",
    example: "mk_0000000000EXAMPLE0000000000EXAMPLE0000000000EXAMP",
    fallback: "",
    parse: (text) =>
      text === ""
        ? undefined
        : new Secret(
            z
              .string()
              .regex(/^mk_[0-9A-Za-z]{48,49}$/, "must be mk_ and 48 or 49 letters and digits")
              .parse(text),
          ),
  }),
  SLUICE_INGEST_RATE: variable({
    does: "Requests a second that one endpoint accepts, with bursts of five times as many; 0 = unlimited.",
    example: "500",
    fallback: "100",
    parse: (text) => numberIn(0, 1_000_000).parse(text),
  }),
  SLUICE_API_RATE: variable({
    does: "Calls a minute that one credential may make over REST and MCP, on all nodes together; 0 = unlimited.",
    example: "6000",
    fallback: "1200",
    parse: (text) => numberIn(0, 1_000_000).parse(text),
  }),
  SLUICE_REPLAY_TARGETS: variable({
    does: "Test servers that captured requests may be sent to again by minimise_request and compare_versions, as addresses separated by commas. A private one has to be allowed by SLUICE_OUTBOUND_ALLOW besides. Empty = none.",
    example: "https://staging.example.com,http://127.0.0.1:3000",
    fallback: "",
    parse: (text): readonly string[] =>
      text
        .split(",")
        .map((it) => it.trim())
        .filter((it) => it !== "")
        .map(
          (it) =>
            new URL(
              z
                .url({ protocol: /^https?$/, error: "must be addresses such as http://127.0.0.1:3000" })
                .parse(it),
            ).origin,
        ),
  }),
  SLUICE_OIDC_ISSUER: variable({
    does: "The OpenID provider that people may sign in by, besides passwords and links, as it calls itself. Empty = none. Needs the two below.",
    example: "https://login.example.com",
    fallback: "",
    parse: (text) => (text === "" ? null : Issuer.parse(text)),
  }),
  SLUICE_OIDC_CLIENT_ID: variable({
    does: "What that provider knows this server by. The address to register there is the public one with `/sign-in/external/callback` behind it.",
    example: "sluice",
    fallback: "",
    parse: (text) => (text === "" ? null : text),
  }),
  SLUICE_OIDC_CLIENT_SECRET: variable({
    does: "The secret that goes with it.",
    example: "ExampleExampleExample",
    fallback: "",
    parse: (text) => (text === "" ? null : new Secret(text)),
  }),
  MCP_SERVER_ENABLED: variable({
    does: "false answers 404 on every MCP address.",
    example: "false",
    fallback: "true",
    parse: (text) => z.enum(["true", "false"]).parse(text.toLowerCase()) === "true",
  }),
  SLUICE_URL: variable({
    does: "The server that CLI commands talk to.",
    example: "https://sluice.example.com",
    fallback: "http://127.0.0.1:8080",
    parse: (text) =>
      z
        .url({ protocol: /^https?$/ })
        .parse(text)
        .replace(/\/+$/, ""),
  }),
  SLUICE_API_KEY: variable({
    does: "The API key or personal key that CLI commands send. Empty = what `sluice login` got from the server.",
    example: "mk_0000000000EXAMPLE0000000000EXAMPLE0000000000EXAMP",
    fallback: "",
    parse: (text) => (text === "" ? undefined : new Secret(text)),
  }),
} as const;

/** Of no use without each other. */
const together = ["SLUICE_OIDC_ISSUER", "SLUICE_OIDC_CLIENT_ID", "SLUICE_OIDC_CLIENT_SECRET"] as const;

type Variables = typeof variables;
export type Config = { readonly [K in keyof Variables]: ReturnType<Variables[K]["parse"]> };

/**
 * The configuration, from the environment.
 *
 * @throws Failure invalid with every variable that is wrong: its name, what is wrong, and an example
 */
export function config(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const problems: { pointer: string; message: string }[] = [];
  const read = Object.entries(variables).map(([name, it]) => {
    const text = environment[name]?.trim();
    try {
      return [name, it.parse(text === undefined || text === "" ? it.fallback : text)];
    } catch (error) {
      problems.push({
        pointer: `/${name}`,
        message: `${name} is wrong: ${saidBy(error)}. For example: ${name}=${it.example}`,
      });
      return [name, undefined];
    }
  });
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith("SLUICE_") && !Object.hasOwn(variables, name),
  );
  for (const name of unknown)
    problems.push({
      pointer: `/${name}`,
      message: `${name} is not a setting. There are: ${Object.keys(variables).join(", ")}`,
    });
  const given = together.filter((name) => (environment[name]?.trim() ?? "") !== "");
  for (const name of given.length === 0 ? [] : together.filter((it) => !given.includes(it)))
    problems.push({
      pointer: `/${name}`,
      message: `${name} is missing: ${given.join(" and ")} ${given.length === 1 ? "needs" : "need"} it. For example: ${name}=${variables[name].example}`,
    });
  if (problems.length > 0)
    throw new Failure("invalid", problems.map(({ message }) => message).join("\n"), { problems });
  // Each entry was made by the parser under the same name.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.freeze(Object.fromEntries(read)) as Config;
}

/** Over TLS but on this machine; its answers are trusted to say who somebody is. */
const Issuer = z
  .url({ protocol: /^https?$/, error: "must be a URL that begins with https://", abort: true })
  .refine(
    (text) => {
      const { protocol, hostname } = new URL(text);
      return protocol === "https:" || /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
    },
    { error: "must begin with https:// unless it is on this machine" },
  )
  .refine((text) => !/[?#@]/.test(text), { error: "must have no user, query or fragment" });

/** What a document that the command line reads refers to as ${NAME}. */
export function referredTo(name: string): string | undefined {
  return process.env[name];
}

/** Where somebody sits at the command line, as variables say that are not ours. */
export type Seat = {
  /** For what is kept of one user of this machine. */
  readonly folder: string;
  /** Connected from another machine, whose browser this one cannot open. */
  readonly isRemote: boolean;
  /** Nobody sits there: continuous integration runs it. */
  readonly isUnattended: boolean;
};

export function seat(environment: Readonly<Record<string, string | undefined>> = process.env): Seat {
  const { XDG_CONFIG_HOME: home = "", SSH_CONNECTION: connected = "", CI: ci = "" } = environment;
  return {
    // A relative one is to be ignored, its specification says.
    folder: join(isAbsolute(home) ? home : join(homedir(), ".config"), "sluice"),
    isRemote: connected !== "",
    isUnattended: ci !== "" && ci !== "false",
  };
}

function numberIn(min: number, max: number): z.ZodType<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function saidBy(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ message }) => message.replace(/^Invalid input: /, "")).join("; ");
  return error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
}
