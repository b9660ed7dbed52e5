import { Failure } from "../../kernel/failure.ts";

/** SQLSTATE classes and codes that an operator or time can cure. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const curableClasses = new Set(["08", "53", "57", "58"]);
const curableCodes = new Set([
  "25006", // read-only transaction: a standby, or a server made read-only
  "25P03", // idle in a transaction for too long
  "40001", // serialization failure
  "40P01", // deadlock
  "55P03", // a lock was not to be had in time
  "55006", // the object is in use
  "3D000", // no such database: it is being restored
  "28P01", // wrong password: it is being changed
]);
const curableSystemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT", // a socket file that is not there
]);
/** What the driver says without a code. */
const driverSays =
  /connection terminated|connection error|timeout exceeded|timeout expired|read timeout|connection timeout|not queryable|was closed|after calling end/i;

const retryAfterMs = 5_000;

/** The SQLSTATE or system code of an error; "" when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether PostgreSQL cannot be used at the moment, rather than having been asked for something wrong. */
export function isTrouble(error: unknown): boolean {
  const code = codeOf(error);
  if (code === "") return error instanceof Error && driverSays.test(error.message);
  return curableClasses.has(code.slice(0, 2)) || curableCodes.has(code) || curableSystemCodes.has(code);
}

/** Whether the connection is of no further use: everything but what the server itself answered to a statement. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error);
  return !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || code.startsWith("57P");
}

/** A failure every caller can be told, when PostgreSQL is to blame; any other error as it is. */
export function failureOf(error: unknown): unknown {
  if (!isTrouble(error)) return error;
  const failure = unavailable(`PostgreSQL cannot be used: ${error instanceof Error ? error.message : ""}.`);
  failure.cause = error;
  return failure;
}

export function unavailable(message: string): Failure {
  return new Failure("unavailable", message, {
    retryAfterMs,
    hint: "Nothing was acknowledged. Try again in a few seconds; if it goes on, check the PostgreSQL server that SLUICE_DATABASE_URL names.",
  });
}
