import assert from "node:assert/strict";

/** What senders were told. */
export type Told = {
  /** Ids, each answered 200. */
  readonly accepted: readonly string[];
  /** Answered 503 with the time to come again. */
  readonly refused: number;
  /** Their connection was closed without an answer. */
  readonly dropped: number;
};

/** Sends webhooks at once. Each is answered 200, or 503 with the time to come again, or not at all: nothing else. */
export async function sendAll(ingestUrl: string, count: number): Promise<Told> {
  const accepted: string[] = [];
  let [refused, dropped] = [0, 0];
  const send = async (n: number) => {
    const answer = await post(ingestUrl, JSON.stringify({ n }));
    if (answer === undefined) dropped++;
    else if (answer.status === 200) accepted.push(String(answer.body.id));
    else {
      assert.equal(answer.status, 503, JSON.stringify(answer.body));
      assert.match(answer.retryAfter, /^[1-9]\d*$/);
      assert.partialDeepStrictEqual(answer.body, { ok: false, error: "unavailable" });
      refused++;
    }
  };
  await Promise.all(Array.from({ length: count }, (_, n) => send(n)));
  return { accepted, refused, dropped };
}

/** Sends webhooks at once, all of which are accepted; answers their ids. */
export async function acceptedAll(ingestUrl: string, count: number): Promise<readonly string[]> {
  const { accepted, refused, dropped } = await sendAll(ingestUrl, count);
  assert.deepEqual({ refused, dropped }, { refused: 0, dropped: 0 });
  return accepted;
}

type Answer = {
  readonly status: number;
  readonly retryAfter: string;
  readonly body: { readonly id?: string };
};

async function post(url: string, body: string): Promise<Answer | undefined> {
  try {
    const answer = await fetch(url, { method: "POST", body });
    return {
      status: answer.status,
      retryAfter: answer.headers.get("retry-after") ?? "",
      body: (await answer.json()) as Answer["body"],
    };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
