import {
  CLIENT_CAPABILITIES_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Engines } from "../../registry/engines.ts";
import {
  cannotBeAsked,
  LogLevel,
  missingFor,
  type Answers,
  type Conversation,
  type Line,
  type Questions,
} from "./conversation.ts";
import type { Params } from "./json-rpc.ts";
import { inRounds } from "./rounds.ts";
import type { Viewer } from "./view.ts";

const Envelope = z.looseObject({
  [PROTOCOL_VERSION_META_KEY]: z.string(),
  [CLIENT_CAPABILITIES_META_KEY]: z.record(z.string(), z.unknown()),
  [LOG_LEVEL_META_KEY]: LogLevel.optional().catch(undefined),
});

const levels = LogLevel.options;

/**
 * How a request can talk to its client: 2026-07-28, which is known by its envelope, asks by answering and tells by the
 * stream of the answer; sessions ask and tell by that stream.
 */
export async function conversationOf(
  method: string,
  params: Params,
  viewer: Viewer,
  engines: Pick<Engines, "vault" | "clock">,
): Promise<Conversation> {
  const { line, principal, signal, progress = () => {} } = viewer;
  const envelope = Envelope.safeParse(params["_meta"]);
  const heardFrom = envelope.success
    ? envelope.data[LOG_LEVEL_META_KEY]
    : ((await line?.session?.logLevel()) ?? "info");
  const log = (level: LogLevel, data: unknown): void => {
    if (heardFrom === undefined || levels.indexOf(level) < levels.indexOf(heardFrom)) return;
    line?.tell("notifications/message", { level, data });
  };
  const letGo = (): void => line?.letGo();
  if (!envelope.success) {
    const capabilities = line?.session?.capabilities ?? {};
    return { capabilities, signal, progress, log, letGo, ask: (questions) => inSession(questions, line) };
  }
  const capabilities = envelope.data[CLIENT_CAPABILITIES_META_KEY];
  const ask = inRounds({ method, params, principal, capabilities }, engines);
  return { capabilities, signal, progress, log, letGo, ask };
}

async function inSession(questions: Questions, line: Line | undefined): Promise<Answers> {
  const session = line?.session;
  if (session === undefined) throw cannotBeAsked("it has no session, or takes no event stream");
  const lacking = Object.keys(missingFor(questions, session.capabilities));
  if (lacking.length > 0) throw cannotBeAsked(`it has not declared ${lacking.join(" and ")}`);
  const asked = Object.entries(questions).map(
    async ([name, question]) => [name, await session.ask(question)] as const,
  );
  return Object.fromEntries(await Promise.all(asked));
}
