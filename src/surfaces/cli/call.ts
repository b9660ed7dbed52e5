/** One REST call to the server; `json` is undefined when the answer is none. Throws Failure unavailable. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly json: unknown }>;
