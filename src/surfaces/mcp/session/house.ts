import { streamingCapabilities } from "../about.ts";
import { everyEra, type EveryEra } from "../every-era.ts";
import type { McpMount, Shared } from "../mcp-route.ts";
import { callsUnderWay, type Calls } from "./calls.ts";
import { clientQuestions, type ClientQuestions } from "./questions.ts";
import { storedAnswers, type KeptAnswers } from "./kept-answers.ts";
import { keptStreams, type KeptStreams } from "./kept-streams.ts";
import { storedMailbox, type Mailbox } from "./mailbox.ts";
import { storedSessions, type Sessions } from "./session.ts";
import { workspaceActivity, type Activity } from "./workspace-activity.ts";

/** What the addresses with sessions and streams share. */
export type House = Shared & {
  readonly era: EveryEra;
  readonly sessions: Sessions;
  readonly mailbox: Mailbox;
  readonly calls: Calls;
  readonly questions: ClientQuestions;
  /** Whether there are tools that ask their client, or tell it what happens in them. */
  readonly converses: boolean;
  readonly answers: KeptAnswers;
  readonly streams: KeptStreams;
  readonly activityIn: (workspace: string) => Activity;
};

/** Below the public address, what a token has to be made out to: all of them are one resource. */
export const resource = "/mcp";

export function houseOf(shared: Shared, { extra }: Pick<McpMount, "extra">): House {
  const { engines, methods, serverInfo } = shared;
  const sessions = storedSessions(engines);
  const mailbox = storedMailbox(engines);
  const capabilities = { ...streamingCapabilities, ...(extra !== undefined && { logging: {} }) };
  return {
    ...shared,
    era: everyEra(methods, { capabilities, serverInfo, log: engines.log }),
    sessions,
    mailbox,
    calls: callsUnderWay(mailbox),
    questions: clientQuestions(mailbox, extra !== undefined),
    converses: extra !== undefined,
    answers: storedAnswers(engines),
    streams: keptStreams(shared.watch, sessions),
    activityIn: workspaceActivity(engines),
  };
}
