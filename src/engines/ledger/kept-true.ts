import type { Body, Exchange, Message } from "../../kernel/exchange.ts";

type Content = Pick<Exchange, "request" | "response">;

/** What was received stays what is said about it: only headers and the bytes of bodies are taken from `by`. */
export function keptTrue(exchange: Exchange, by: Content): Content {
  return {
    request: replaced(exchange.request, by.request),
    response: exchange.response && replaced(exchange.response, by.response),
  };
}

function replaced(message: Message, by: Message | null): Message {
  return { headers: by?.headers ?? [], body: message.body && replacedBody(message.body, by?.body ?? null) };
}

function replacedBody(body: Body, by: Body | null): Body {
  return { ...body, bytes: by?.bytes ?? new Uint8Array(0) };
}
