import * as http from "node:http";
import * as https from "node:https";

/** From the first byte sent to the last received. */
const deadlineMs = 15_000;
/** Settings with many rules are the largest answer. */
const answerBytesMax = 1_048_576;
const socketsMax = 2;

export type Call = {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
};
export type Answer = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
};

const byProtocol = {
  "http:": { request: http.request, agent: new http.Agent({ keepAlive: true, maxSockets: socketsMax }) },
  "https:": { request: https.request, agent: new https.Agent({ keepAlive: true, maxSockets: socketsMax }) },
};

/**
 * One request to the server. Redirects are not followed: a key is for one server.
 * @throws Error when there is no whole answer in time, or it is larger than 1 MiB
 */
export function call({ method, url, headers, body }: Call): Promise<Answer> {
  const { request, agent } = url.protocol === "https:" ? byProtocol["https:"] : byProtocol["http:"];
  return new Promise((answered, failed) => {
    const asked = request(url, { method, headers, agent });
    const deadline = setTimeout(() => asked.destroy(new Error("no answer in time")), deadlineMs);
    asked.on("error", failed);
    asked.on("close", () => clearTimeout(deadline));
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > answerBytesMax) asked.destroy(new Error("the answer is too large"));
      });
      response.on("error", failed);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        answered({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
      response.on("close", () => failed(new Error("the answer was cut off")));
    });
    asked.end(body ?? undefined);
  });
}
