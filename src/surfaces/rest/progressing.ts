import type { Progress } from "../../registry/context.ts";

/** Lines of JSON: `{"progress": {…}}` any number of times, then `{"status": …, "body": …}`. */
export const progressType = "application/x-ndjson";

/** Two reports of one call are not closer together, but for its last. */
const everyMs = 100;

export function wantsProgress(request: Request): boolean {
  return request.headers.get("accept")?.includes(progressType) === true;
}

/**
 * The answer itself; or, when the call reports before it is done, a stream of its reports that ends with status and body of
 * the answer. So what is refused at once keeps its HTTP status.
 */
export async function progressing(
  run: (progress: Progress) => Promise<Response>,
  now: () => number,
): Promise<Response> {
  const reported = Promise.withResolvers<null>();
  const lines = new TransformStream<string, string>({}, undefined, {
    highWaterMark: Number.POSITIVE_INFINITY,
  });
  const writer = lines.writable.getWriter();
  const write = async (line: object): Promise<void> => {
    // Rejected once the reader is gone: what it would have been told is nobody's business any more.
    await writer.write(`${JSON.stringify(line)}\n`).catch(() => {});
  };
  let last = { done: -1, at: 0 };
  const running = run((done, total, message) => {
    const at = now();
    if (done <= last.done || (at - last.at < everyMs && done < total)) return;
    last = { done, at };
    void write({ progress: { done, total, message } });
    reported.resolve(null);
  });
  const early = await Promise.race([running, reported.promise]);
  if (early !== null) return early;

  async function finish(): Promise<void> {
    const answer = await running;
    await write({ status: answer.status, body: await answer.json() });
    await writer.close().catch(() => {});
  }

  void finish();
  return new Response(lines.readable.pipeThrough(new TextEncoderStream()), {
    headers: {
      "content-type": progressType,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
