import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** What the server answered to an event with 200. */
export type Acknowledgement = { readonly id: string; readonly duplicate: boolean };

/** A sender that sends an event again and again until it is answered 200, as providers do. */
export type Provider = {
  /** Resolves once the event is acknowledged. */
  send(event: string): Promise<Acknowledgement>;
  /** By the provider's own name of the event. */
  readonly acknowledged: ReadonlyMap<string, Acknowledgement>;
};

const triesMax = 3_000;
const betweenMs = 20;
/** As long as GitHub waits: a node that is stopped in the middle of an answer is not waited for. */
const answerMsMax = 10_000;

/** No secret: what the signed endpoints of the journeys are set up with. */
export const exampleSecret = "github-journeys-only-not-a-secret";

/**
 * Sends to `address()`, wherever that is by then: a server that starts again is reached again. A signed sender signs as
 * GitHub does and names each event in `x-github-delivery`, so that a second try is known as one.
 */
export function retryingProvider(address: () => string, signed: boolean): Provider {
  const acknowledged = new Map<string, Acknowledgement>();
  return {
    acknowledged,
    async send(event) {
      const body = JSON.stringify({ event });
      for (let tries = 0; tries < triesMax; tries++) {
        const answer = await post(address(), body, signed ? signature(event, body) : {});
        if (answer !== undefined) {
          acknowledged.set(event, answer);
          return answer;
        }
        await sleep(betweenMs);
      }
      throw new Error(`the event ${event} was never acknowledged`);
    },
  };
}

function signature(event: string, body: string): Record<string, string> {
  const digest = createHmac("sha256", exampleSecret).update(body).digest("hex");
  return { "x-github-delivery": event, "x-hub-signature-256": `sha256=${digest}` };
}

async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<Acknowledgement | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: AbortSignal.timeout(answerMsMax),
    });
    const answer = (await response.json()) as { id: string; duplicate?: true };
    return response.status === 200 ? { id: answer.id, duplicate: answer.duplicate === true } : undefined;
  } catch (error) {
    // The server is gone, or went while it answered: that is what the next try is for.
    if (error instanceof TypeError || error instanceof SyntaxError || isTimeout(error)) return undefined;
    throw error;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
