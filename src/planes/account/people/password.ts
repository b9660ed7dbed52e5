import { argon2, randomBytes } from "node:crypto";
import { Failure } from "../../../kernel/failure.ts";
import { sameBytes, Secret } from "../../../kernel/secret.ts";
import { turns } from "./turns.ts";

/** What is made of a password costs this: 19 MiB and two passes, the least that OWASP recommends. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;

/** 2 of them take 38 MiB; who waits longer is told so before memory or time run out. */
const turn = turns({ atOnceMax: 2, waitingMax: 64 });

type Parameters = { readonly memory: number; readonly passes: number; readonly parallelism: number };

/** What is kept of a password: a PHC string of argon2id. @throws Failure limited when too many are being made */
export async function hashOf(password: Secret): Promise<Secret> {
  const salt = randomBytes(saltBytes);
  return phcOf(salt, await derive(password, salt, { ...cost, tagLength: hashBytes }));
}

/**
 * Whether it is the password that was kept, compared in constant time; `outdated` when it was kept at another cost than
 * is asked for today. Without one that was kept it takes as long, so that nobody learns from the time who has one.
 *
 * @throws Failure limited when too many are being compared; Error when what was kept is no such string
 */
export async function fits(
  password: Secret,
  kept: Secret | undefined,
): Promise<{ readonly fits: boolean; readonly outdated: boolean }> {
  const { salt, hash, parameters } = parsed(kept ?? (await nobodys));
  const derived = await derive(password, salt, { ...parameters, tagLength: hash.length });
  const { memory, passes, parallelism } = cost;
  const current =
    parameters.memory === memory && parameters.passes === passes && parameters.parallelism === parallelism;
  return { fits: sameBytes(derived, hash) && kept !== undefined, outdated: !current };
}

/** Compared with where there is no password. */
const nobodys = Promise.resolve(phcOf(randomBytes(saltBytes), randomBytes(hashBytes)));

function phcOf(salt: Buffer, hash: Buffer): Secret {
  const { memory, passes, parallelism } = cost;
  return new Secret(
    `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`,
  );
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/;

function parsed(kept: Secret) {
  const [, memory, passes, parallelism, salt, hash] = phc.exec(kept.reveal()) ?? [];
  if (salt === undefined || hash === undefined) throw new Error("a stored password has an unknown form");
  return {
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
    parameters: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
  };
}

function derive(
  password: Secret,
  nonce: Buffer,
  parameters: Parameters & { readonly tagLength: number },
): Promise<Buffer> {
  // The same characters, however a keyboard composes them.
  const message = password.reveal().normalize("NFKC");
  const derived = turn(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        argon2("argon2id", { message, nonce, ...parameters }, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      }),
  );
  if (derived !== undefined) return derived;
  throw new Failure("limited", "Too many people are signing in at this moment.", {
    retryAfterMs: 2_000,
    hint: "Try again in a few seconds.",
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
