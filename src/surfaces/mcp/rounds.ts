import { z } from "zod";
import { fingerprint, Secret } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Principal } from "../../kernel/principal.ts";
import {
  answerTo,
  missingFor,
  type Answers,
  type Capabilities,
  type Conversation,
  type Questions,
} from "./conversation.ts";
import { parseParams, RpcError, rpcCode, type Params } from "./json-rpc.ts";

/** People take their time to answer. */
const stateMs = 3_600_000;
const roundsMax = 20;
const answersLengthMax = 64 * 1024;

const Given = z.object({
  inputResponses: z.record(z.string(), z.unknown()).optional(),
  requestState: z.string().optional(),
});

const State = z.object({
  answers: z.record(z.string(), z.record(z.string(), z.unknown())),
  round: z.int(),
  expiresAt: z.int(),
});
type State = z.output<typeof State>;

/** Ends a call with questions; the client calls again with its answers. */
export class InputNeeded extends Error {
  readonly result: object;

  constructor(result: object) {
    super("the client has to be asked");
    this.name = "InputNeeded";
    this.result = result;
  }
}

/** A request that may be answered by questions, and by whom it was made. */
export type Round = {
  readonly method: string;
  readonly params: Params;
  readonly principal: Principal;
  readonly capabilities: Capabilities;
};

/**
 * Questions of 2026-07-28: a call that needs answers ends with its questions, and is made again with them. The answers of
 * earlier rounds travel with the client, sealed for an hour to this principal, credential, tool and arguments.
 *
 * @throws RpcError invalidParams when what came with the call is no answer, or its state was not given for this call
 */
export function inRounds(
  round: Round,
  { vault, clock }: Pick<Engines, "vault" | "clock">,
): Conversation["ask"] {
  const { inputResponses = {}, requestState } = parseParams(Given, round.params);
  const owner = ownerOf(round);
  const before = requestState === undefined ? firstState : opened(requestState);
  const answers: Record<string, Params> = { ...before.answers };

  function opened(sealed: string): State {
    try {
      const state = State.parse(JSON.parse(vault.open(sealed, owner).reveal()));
      if (state.expiresAt > clock.now()) return state;
    } catch {
      throw staleState();
    }
    throw staleState();
  }

  function needed(missing: Questions): InputNeeded {
    if (before.round >= roundsMax)
      throw new RpcError(rpcCode.invalidParams, `A call asks at most ${roundsMax} times.`);
    const state: State = { answers, round: before.round + 1, expiresAt: clock.now() + stateMs };
    const text = JSON.stringify(state);
    if (text.length > answersLengthMax)
      throw new RpcError(rpcCode.invalidParams, "The answers are too long.", {
        field: "/params/inputResponses",
      });
    return new InputNeeded({
      resultType: "input_required",
      inputRequests: missing,
      requestState: vault.seal(new Secret(text), owner),
    });
  }

  return async (questions): Promise<Answers> => {
    const lacking = missingFor(questions, round.capabilities);
    if (Object.keys(lacking).length > 0)
      throw new RpcError(
        rpcCode.missingCapability,
        "This needs what the client has not declared it can do.",
        {
          requiredCapabilities: lacking,
        },
      );
    const names = Object.keys(questions);
    for (const name of names) {
      const question = questions[name];
      if (question === undefined || !Object.hasOwn(inputResponses, name)) continue;
      answers[name] ??= answerTo(question, inputResponses[name], `/params/inputResponses/${name}`);
    }
    const missing = Object.entries(questions).filter(([name]) => answers[name] === undefined);
    if (missing.length > 0) throw needed(Object.fromEntries(missing));
    return Object.fromEntries(Object.entries(answers).filter(([name]) => names.includes(name)));
  };
}

const firstState: State = { answers: {}, round: 0, expiresAt: 0 };

/** Says the same whether it was changed, is of another call or caller, or is too old. */
function staleState(): RpcError {
  return new RpcError(
    rpcCode.invalidParams,
    "This requestState was not given for this call, or is too old.",
    {
      field: "/params/requestState",
      hint: "Call again without it.",
    },
  );
}

function ownerOf({ method, params, principal: { actor, credential } }: Round): string {
  const call = fingerprint(
    JSON.stringify([method, params["name"] ?? params["uri"], params["arguments"] ?? {}]),
  );
  return `mcp_round/${actor.kind}/${actor.id}/${credential.kind}/${credential.id}/${call}`;
}
