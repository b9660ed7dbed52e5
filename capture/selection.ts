import { compileGlob } from "./glob.ts";
import { at, InvalidRule } from "./invalid-rule.ts";
import { compileIpRange } from "./ip-range.ts";
import type { HeaderPair, Selection } from "./wire.ts";

/** A request as selections look at it. What is not known, such as the status before the answer, is null. */
export type Seen = {
  readonly method: string;
  /** With or without the query, which does not count. */
  readonly target: string;
  readonly host: string;
  readonly ip: string | null;
  readonly status: number | null;
  readonly headers: readonly HeaderPair[];
};

type Criterion = (seen: Seen) => boolean;

/**
 * Compiles a selection; it holds for a request when all that it gives does.
 * @throws InvalidRule with the member that cannot be compiled
 */
export function compileSelection(selection: Selection): Criterion {
  const criteria = [
    ...optional(selection.methods, "/methods", ofMethods),
    ...optional(selection.path, "/path", ofPath),
    ...optional(selection.host, "/host", ofHost),
    ...optional(selection.userAgent, "/userAgent", ofUserAgent),
    ...optional(selection.statuses, "/statuses", ofStatuses),
    ...optional(selection.ip, "/ip", ofIp),
    ...optional(selection.header, "/header", ofHeader),
  ];
  return (seen) => criteria.every((holds) => holds(seen));
}

function optional<T>(
  value: T | undefined,
  pointer: string,
  compile: (value: T) => Criterion,
): readonly Criterion[] {
  return value === undefined ? [] : [at(pointer, () => compile(value))];
}

function ofMethods(methods: readonly string[]): Criterion {
  const wanted = new Set(methods.map((method) => method.toUpperCase()));
  return ({ method }) => wanted.has(method.toUpperCase());
}

function ofPath(source: string): Criterion {
  const matches = compileGlob(source);
  return ({ target }) => matches(target.replace(/[?#].*$/s, ""));
}

/** A pattern without a port is about the host on any port. */
function ofHost(source: string): Criterion {
  const matches = compileGlob(source.toLowerCase(), "text");
  return ({ host }) => {
    const lower = host.toLowerCase();
    return matches(lower) || matches(lower.replace(/:\d{1,5}$/, ""));
  };
}

function ofUserAgent(source: string): Criterion {
  const matches = compileGlob(source.toLowerCase(), "text");
  return ({ headers }) =>
    headers.some(([name, value]) => /^user-agent$/i.test(name) && matches(value.toLowerCase()));
}

function ofStatuses(statuses: readonly string[]): Criterion {
  const wanted = new Set(statuses.map((status, n) => at(`/${n}`, () => knownStatus(status))));
  return ({ status }) =>
    status !== null && (wanted.has(`${status}`) || wanted.has(`${Math.floor(status / 100)}xx`));
}

function knownStatus(status: string): string {
  if (!/^[1-5](\d\d|xx)$/.test(status)) throw new InvalidRule("", "A status is written such as 404 or 5xx.");
  return status;
}

function ofIp(source: string): Criterion {
  const holds = compileIpRange(source);
  return ({ ip }) => ip !== null && holds(ip);
}

function ofHeader({ name, value }: { readonly name: string; readonly value?: string }): Criterion {
  const wanted = name.toLowerCase();
  const matches = value === undefined ? () => true : at("/value", () => compileGlob(value, "text"));
  return ({ headers }) =>
    headers.some(([given, content]) => given.toLowerCase() === wanted && matches(content));
}
