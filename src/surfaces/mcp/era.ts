import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import type { RpcMessage } from "./json-rpc.ts";
import type { ServerInfo } from "./about.ts";
import type { Viewer } from "./view.ts";

/** One generation of the protocol: how its requests are read and its results are wrapped. */
export type Era = {
  answer(message: RpcMessage, heard: Heard): Promise<RawAnswer>;
};

/** What a server says of itself, at one of its addresses. */
export type Self = {
  readonly capabilities: object;
  readonly serverInfo: ServerInfo;
  readonly log: (line: string) => void;
};

/** What came with a message. */
export type Heard = {
  readonly headers: ProtocolHeaders;
  readonly caller: Viewer;
  /** Callers with the same view are shown the same lists. */
  readonly view: string;
};

/** The headers that the protocol itself defines. */
export type ProtocolHeaders = {
  readonly version: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
  /** Any other, by its lowercase name. */
  readonly other: (name: string) => string | undefined;
};
