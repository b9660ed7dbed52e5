import { createHash, randomBytes } from "node:crypto";
import type { Body, Ending, Exchange, Message, NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Summary } from "../../kernel/summary.ts";
import type { Ledger } from "./ledger.ts";

/** What the promises of a ledger are tried on, and how. */

/** A ledger and the write path it reads from; both on the wall clock. */
export type LedgerUnderTest = {
  readonly ledger: Ledger;
  /** Makes the exchanges durable, up to 4,000 as one entry of the journal, with one open job for each id in `working`. */
  readonly commit: (exchanges: readonly NewExchange[], working?: readonly string[]) => Promise<void>;
  /** Makes summaries durable as one entry, which counts once for each key when it has one. */
  readonly summarise: (summaries: readonly Summary[], key?: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type OpenLedger = () => Promise<LedgerUnderTest>;
export type Promised = (name: string, keeps: (under: LedgerUnderTest) => Promise<void>) => void;

export const day = 1_700_000_000_000;
export const [ours, theirs] = ["ws_ours", "ws_theirs"];

/** A plain delivered-looking exchange that tests vary. */
export function sample(workspace: string, startedAt: number): Omit<NewExchange, "id"> {
  return {
    workspace,
    environment: "production",
    bucket: "default",
    plane: "webhooks",
    kind: "event",
    subject: "ep_a",
    parent: null,
    trace: null,
    startedAt,
    durationMs: 3,
    method: "POST",
    host: "hooks.example",
    path: "/in/stripe",
    route: "/in/:slug",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: startedAt,
    facts: {},
    request: { headers: [], body: null },
    response: null,
  };
}

export function made(more: Partial<NewExchange> = {}): NewExchange {
  return { ...sample(ours, more.startedAt ?? day), id: newExchangeId(day), ...more };
}

export function bodyOf(text: string | Uint8Array): Body {
  const bytes = Buffer.from(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, size: bytes.length, sha256, truncated: false };
}

export function withContent(text: string, more: Partial<NewExchange> = {}): NewExchange {
  return made({
    request: {
      headers: [
        ["Content-Type", "application/json"],
        ["X-Twice", "1"],
        ["x-twice", text],
      ],
      body: bodyOf(`{"request":"${text}"}`),
    },
    response: { headers: [["Server", "test"]], body: bodyOf(randomBytes(64)) },
    facts: { verified: true, provider: "stripe", size: 12.5 },
    ...more,
  });
}

/** What can be compared: bytes as hex, and no number, which the journal gives. */
export function plain(row: Exchange | NewExchange | undefined): unknown {
  if (row === undefined) return undefined;
  const { number: _, ...rest } = { number: null, ...row };
  const { request, response } = row;
  return { ...rest, request: plainMessage(request), response: response && plainMessage(response) };
}

function plainMessage({ headers, body }: Message) {
  return { headers, body: body && { ...body, bytes: Buffer.from(body.bytes).toString("hex") } };
}

/** The row at `index`, which is there. */
export function nth<T>(rows: readonly T[], index: number): T {
  const row = rows[index];
  if (row === undefined) throw new RangeError(`There is no row ${index}.`);
  return row;
}

/** As the ledger answers it. */
export function listed(
  row: NewExchange,
  ended: Ending | null = null,
): NewExchange & { readonly ended: Ending | null } {
  return { ...row, ended };
}

export function bare<T extends NewExchange>(row: T): T {
  return { ...row, request: { headers: [], body: null }, response: null };
}

export const ids = (rows: readonly { readonly id: string }[]) => rows.map((row) => row.id);

/** Every exchange of the workspace, in commit order. */
export async function everything({ ledger }: LedgerUnderTest, workspace = ours) {
  const all: Exchange[] = [];
  for (let position = 0; ;) {
    const page = await ledger.since(workspace, position, { limit: 1_000 });
    if (page.rows.length === 0) return all;
    all.push(...page.rows);
    position = page.position;
  }
}
