import { classifyInboundRequest, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import { agrees } from "./agreement.ts";
import { boundedMap } from "./bounded-map.ts";
import type { Era, Heard, Self } from "./era.ts";
import { errorAnswer, RpcError, type RpcMessage, type RpcRequest } from "./json-rpc.ts";
import { legacyEra } from "./legacy-era.ts";
import type { Methods } from "./methods.ts";
import { modernEra } from "./modern-era.ts";

const listsKeptMax = 200;
const envelopesKeptMax = 200;
const envelopeLengthMax = 2_000;

/** One address for all of them. */
export type EveryEra = Era & {
  /** Whether it speaks 2026-07-28, which has no sessions. */
  isModern(message: RpcMessage, heard: Heard): boolean;
  /** Whether it is a sound `subscriptions/listen`, which is answered by a stream if at all. */
  listens(message: RpcMessage, heard: Heard): message is RpcRequest;
};

/**
 * Every revision on one address: a message says by its envelope (`_meta`) or its version header which one it speaks.
 * The SDK judges what mentions 2026-07-28; an envelope that it found sound need not be judged again.
 */
export function everyEra(methods: Methods, self: Self): EveryEra {
  const lists = boundedMap<Buffer>(listsKeptMax);
  const sound = boundedMap<true>(envelopesKeptMax);
  const legacy = legacyEra(methods, lists, self);
  const modern = modernEra(methods, lists, self);

  function judged(message: RpcMessage, heard: Heard, keep: () => void): Promise<RawAnswer> | RawAnswer {
    const found = classified(message, heard);
    if (found.kind === "legacy") return legacy.answer(message, heard);
    if (found.kind === "modern") {
      keep();
      return modern.answer(message, heard);
    }
    const data = typeof found.data === "object" && found.data !== null ? found.data : undefined;
    return errorAnswer(found.httpStatus, message.id ?? null, new RpcError(found.code, found.message, data));
  }

  return {
    isModern: mentionsModern,
    listens: (message, heard): message is RpcRequest =>
      message.method === "subscriptions/listen" &&
      mentionsModern(message, heard) &&
      agrees(message, heard.headers) &&
      classified(message, heard).kind === "modern",
    async answer(message, heard) {
      if (!mentionsModern(message, heard)) return legacy.answer(message, heard);
      if (!agrees(message, heard.headers)) return judged(message, heard, () => {});
      const envelope = JSON.stringify(message.params?.["_meta"] ?? null);
      if (sound.get(envelope) === true) return modern.answer(message, heard);
      return judged(message, heard, () => {
        if (envelope.length <= envelopeLengthMax) sound.keep(envelope, true);
      });
    },
  };
}

function classified(message: RpcMessage, heard: Heard): ReturnType<typeof classifyInboundRequest> {
  const { version, method, name } = heard.headers;
  return classifyInboundRequest({
    httpMethod: "POST",
    ...(version !== undefined && { protocolVersionHeader: version }),
    ...(method !== undefined && { mcpMethodHeader: method }),
    ...(name !== undefined && { mcpNameHeader: name }),
    body: message,
  });
}

/** The first year with an envelope. Whoever names no version from it, in neither place, speaks an earlier one. */
const modernSince = "2026";

function mentionsModern({ params }: RpcMessage, { headers: { version = "" } }: Heard): boolean {
  const meta = params?.["_meta"];
  const enveloped = typeof meta === "object" && meta !== null && PROTOCOL_VERSION_META_KEY in meta;
  return enveloped || isModernVersion(version);
}

/** Of the version header, which is required since there is an envelope. */
export function isModernVersion(version: string): boolean {
  return version.trim() >= modernSince;
}
