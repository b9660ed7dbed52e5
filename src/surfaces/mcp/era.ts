import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { RpcMessage } from "./json-rpc.ts";

/** One generation of the protocol: how its requests are read and its results are wrapped. */
export type Era = {
  answer(message: RpcMessage, heard: Heard): Promise<RawAnswer>;
};

/** What came with a message. */
export type Heard = {
  readonly headers: ProtocolHeaders;
  readonly caller: Caller;
  /** Callers with the same view are shown the same lists. */
  readonly view: string;
};

/** The headers that the protocol itself defines. */
export type ProtocolHeaders = {
  readonly version: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
};
