import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import type { Progress } from "../../registry/context.ts";
import { RpcError, rpcCode, type Params } from "./json-rpc.ts";

/** From the least to the most severe. */
export const LogLevel = z.enum([
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
]);

export type LogLevel = z.output<typeof LogLevel>;

/** What a client says it can be asked for, and how. */
export type Capabilities = Readonly<Record<string, unknown>>;

/** What a client may be asked, and the capability that it declares for it. */
const capabilityFor = {
  "elicitation/create": "elicitation",
  "sampling/createMessage": "sampling",
  "roots/list": "roots",
} as const;

export type Question = { readonly method: keyof typeof capabilityFor; readonly params: Params };

/** By names that the asking tool chooses. */
export type Questions = Readonly<Record<string, Question>>;
export type Answers = Readonly<Record<string, Params>>;

/** What a tool can do toward whoever calls it, until it has answered. */
export type Conversation = {
  readonly capabilities: Capabilities;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Heard only by clients that asked for messages of this level. */
  log(level: LogLevel, data: unknown): void;
  /**
   * The answers, each under the name of its question and shaped as its method wants. The tool may be run again from its
   * beginning with the answers so far, so nothing before the last question may have an effect. An answer comes from the
   * client, and proves nothing about who gave it.
   *
   * @throws Failure when the client cannot be asked or refuses; RpcError and InputNeeded, which are to be passed on
   */
  ask(questions: Questions): Promise<Answers>;
  /** Lets the client's stream go, where it can take up the answer by another; the call goes on. */
  letGo(): void;
};

/** The way back to the client while its call is under way. */
export type Line = {
  tell(method: string, params: object): void;
  letGo(): void;
  /** Of a session; clients of 2026-07-28 have none. */
  readonly session?: {
    readonly capabilities: Capabilities;
    logLevel(): Promise<LogLevel>;
    /** @throws Failure when the client refuses, or does not answer for as long as a call may take */
    ask(question: Question): Promise<Params>;
  };
};

const Content = z.looseObject({ type: z.string() });
const answerShapes = {
  "elicitation/create": z.looseObject({
    action: z.enum(["accept", "decline", "cancel"]),
    content: z.record(z.string(), z.unknown()).optional(),
  }),
  "sampling/createMessage": z.looseObject({
    role: z.string(),
    model: z.string(),
    content: z.union([Content, z.array(Content)]),
  }),
  "roots/list": z.looseObject({ roots: z.array(z.looseObject({ uri: z.string() })) }),
} as const;

/** @throws RpcError invalidParams when it is no answer to a question of this method */
export function answerTo({ method }: Question, answer: unknown, pointer: string): Params {
  const parsed = answerShapes[method].safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new RpcError(rpcCode.invalidParams, `This is no answer to ${method}.`, { field: pointer });
}

/** The capabilities that these questions need and that were not declared, as a client would declare them. */
export function missingFor(questions: Questions, declared: Capabilities): Readonly<Record<string, object>> {
  const needed = Object.values(questions).map(({ method }) => capabilityFor[method]);
  return Object.fromEntries(needed.filter((it) => declared[it] === undefined).map((it) => [it, {}]));
}

export function cannotBeAsked(why: string): Failure {
  return new Failure("conflict", `This client cannot be asked: ${why}.`, {
    hint: "Call from a client that declares what the tool asks for, in a session, and that takes event streams.",
  });
}
