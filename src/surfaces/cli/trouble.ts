import { z } from "zod";
import { Failure, kinds } from "../../kernel/failure.ts";
import { visibleText } from "./visible-text.ts";

/** What went wrong, as problem details (RFC 9457) give it or as this process found it. */
const Trouble = z.looseObject({
  code: z.string(),
  detail: z.string(),
  pointer: z.string().optional(),
  allowed: z.union([z.string(), z.array(z.string())]).optional(),
  hint: z.string().optional(),
  retryAfterMs: z.number().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  requestId: z.string().optional(),
});

export type Trouble = z.output<typeof Trouble>;

export function troubleOf({ kind, message, detail: { problems, ...detail } }: Failure): Trouble {
  const errors = problems?.map((it) => ({ pointer: it.pointer, detail: it.message }));
  const { allowed, ...rest } = detail;
  return {
    code: kind,
    detail: message,
    ...rest,
    ...(allowed !== undefined && { allowed: typeof allowed === "string" ? allowed : [...allowed] }),
    ...(errors && { errors }),
  };
}

/** What an answer that is no success says; one that is no problem comes from something between here and the server. */
export function troubleIn(status: number, json: unknown): Trouble {
  const parsed = Trouble.safeParse(json);
  if (parsed.success) return parsed.data;
  return {
    code: status >= 502 && status <= 504 ? "unavailable" : "unexpected",
    detail: `The server answered ${status} without saying why.`,
    hint: "Check that --url is the address of a Sluice server.",
  };
}

/** The exit code of the failure's kind; 1 for bugs. */
export function exitCodeOf({ code }: Trouble): number {
  return Object.entries(kinds).find(([kind]) => kind === code)?.[1].exitCode ?? 1;
}

/** `error: …`, then on lines of their own where it is, what is allowed, what to do, and the id to ask after. */
export function troubleText(trouble: Trouble): string {
  const { errors = [], allowed, retryAfterMs } = trouble;
  const lines: readonly (readonly [name: string, value: string | undefined])[] = [
    ["error", trouble.detail],
    ["field", trouble.pointer],
    ["allowed", allowed === undefined ? undefined : [allowed].flat().join(", ")],
    ...errors.slice(1).map((it): [string, string] => ["also", `${it.pointer} ${it.detail}`]),
    ["hint", trouble.hint],
    ["retry after", retryAfterMs === undefined ? undefined : `${Math.ceil(retryAfterMs / 1_000)} s`],
    ["request", trouble.requestId],
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => visibleText(`${name}: ${value}`))
    .join("\n");
}
