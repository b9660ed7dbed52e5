import type { ClientRequest, IncomingMessage } from "node:http";
import { listen } from "./listen.ts";
import { noteError, observation, type Observation } from "./observation.ts";
import { sentHead } from "./sent-head.ts";
import type { Taps } from "./taps.ts";
import { teeReadable, teeWritable } from "./tee-stream.ts";

/** Node 20 does not publish it: there the body of a call is not seen, and it begins when it is sent. */
const createdChannel = "http.client.request.created";
const startChannel = "http.client.request.start";
const errorChannel = "http.client.request.error";
/** Published when the head of the answer is there, in spite of its name. */
const headChannel = "http.client.response.finish";

type Published = {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: unknown;
};
type Call = { readonly observed: Observation; response: IncomingMessage | undefined };

/** Observes calls by `node:http` and `node:https` that are made while a request is handled. @returns what ends it */
export function tapOutboundHttp(taps: Taps): () => void {
  const calls = new WeakMap<ClientRequest, Call>();
  const { recipient } = taps;

  const begin = ({ request }: Published, body: boolean) => {
    const cause = taps.storage.getStore();
    if (cause === undefined || calls.has(request)) return;
    const { allowance } = taps;
    const observed = observation("outbound", { traceparent: cause.traceparent, parent: cause.id, allowance });
    const call: Call = { observed, response: undefined };
    calls.set(request, call);
    if (body) teeWritable(request, { tee: observed.request, recipient });
    request.once("close", () => {
      try {
        end(taps, request, call);
      } catch {
        recipient.fault();
      } finally {
        observed.request.release();
        observed.response.release();
      }
    });
  };
  return listen(recipient, {
    [createdChannel]: (published: Published) => begin(published, true),
    [startChannel]: (published: Published) => begin(published, false),
    [errorChannel]({ request, error }: Published) {
      const call = calls.get(request);
      if (call !== undefined) noteError(call.observed.cause, error);
    },
    [headChannel]({ request, response }: Published) {
      const call = calls.get(request);
      if (call === undefined || response === undefined) return;
      call.response = response;
      teeReadable(response, { tee: call.observed.response, recipient });
    },
  });
}

function end({ recipient }: Taps, request: ClientRequest, { observed, response }: Call): void {
  const complete = response?.complete === true;
  recipient.receive(observed, {
    method: request.method,
    target: request.path,
    status: response?.statusCode ?? null,
    outcome: complete ? "answered" : observed.cause.error === null ? "aborted" : "failed",
    ip: request.socket?.remoteAddress ?? "",
    requestHead: sentHead(request),
    responseHead: response?.rawHeaders.join("\n") ?? "",
  });
}
