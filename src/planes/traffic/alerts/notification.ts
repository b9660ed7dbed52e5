import { z } from "zod";
import type { Entry } from "../../../engines/traffic/traffic.ts";
import type { NewExchange } from "../../../kernel/exchange.ts";
import type { NewJob } from "../../../kernel/job.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { AlertRow } from "./alert.ts";
import { figuresView, type Figures } from "./figures.ts";
import { wordsOf } from "./watch.ts";

/** Delivers a notification. */
export const notifyJob = "notify";
/** Kinds of exchange: a notification is a root, an attempt has one as its parent. */
export const notificationKind = "notification";
export const attemptKind = "notification_attempt";

export const types = ["alert.fired", "alert.reminded", "alert.resolved", "alert.test"] as const;

/** What somebody is to be told. It is made where that is decided, so that it has one id however often it is handed on. */
export const Notification = z.object({
  /** Of its exchange, and what its target knows repeats by. */
  id: z.string(),
  alert: z.string(),
  /** Of the alert; "" = all. */
  environment: z.string(),
  bucket: z.string(),
  type: z.enum(types),
  at: z.int(),
  /** JSON. */
  body: z.string(),
});

export type Notification = z.output<typeof Notification>;

export type News = {
  readonly id: string;
  readonly type: Notification["type"];
  readonly at: number;
  readonly figures: Figures;
  readonly firedAt: number | null;
  readonly incident: string | null;
};

export function notificationOf({ id: alertId, value }: AlertRow, news: News): Notification {
  const { name, watch, environment, bucket, path, windowMinutes } = value;
  const data = {
    alert: { id: alertId, name },
    about: wordsOf(watch, windowMinutes),
    watch,
    environment,
    bucket,
    path,
    figures: figuresView(news.figures, watch),
    firedAt: news.firedAt === null ? null : new Date(news.firedAt).toISOString(),
    /** `compare_windows` takes it as its marker. */
    incident: news.incident,
  };
  return {
    id: news.id,
    alert: alertId,
    environment: environment ?? "",
    bucket: bucket ?? "",
    type: news.type,
    at: news.at,
    body: JSON.stringify({ type: news.type, timestamp: new Date(news.at).toISOString(), data }),
  };
}

/** The notification and the job that delivers it, to be committed at once. */
export function entryOf(workspace: string, notification: Notification): Entry {
  return { exchanges: [rootOf(workspace, notification)], jobs: [jobOf(workspace, notification)] };
}

/** Has a notification delivered, unless that was asked for before. @throws Failure unavailable */
export async function handOver(
  workspace: string,
  notification: Notification,
  { traffic }: Pick<Engines, "traffic">,
): Promise<void> {
  // By now its job may be done, and would be done again.
  if ((await traffic.recent.get(workspace, notification.id)) !== undefined) return;
  await traffic.journal.commit(entryOf(workspace, notification));
}

function rootOf(
  workspace: string,
  { id, alert, environment, bucket, type, at, body }: Notification,
): NewExchange {
  const bytes = Buffer.from(body);
  return {
    id,
    workspace,
    environment,
    bucket,
    plane: "traffic",
    kind: notificationKind,
    subject: alert,
    parent: null,
    trace: id.slice("ex_".length),
    startedAt: at,
    durationMs: 0,
    method: "POST",
    host: "",
    path: "",
    route: "",
    status: null,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: at,
    facts: { type },
    request: { headers: [], body: { bytes, size: bytes.length, sha256: "", truncated: false } },
    response: null,
  };
}

function jobOf(workspace: string, { id, alert, type, at }: Notification): NewJob {
  return {
    id,
    workspace,
    name: notifyJob,
    payload: "{}",
    // A test does not wait behind what a target that is down has not taken.
    lane: type === "alert.test" ? `${alert}/test` : alert,
    key: null,
    dueAt: at,
    attempt: 0,
    exchange: id,
    receivedAt: at,
    subject: alert,
  };
}
