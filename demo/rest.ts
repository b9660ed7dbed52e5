import type { z } from "zod";

/** The answer as text, so that one can look for what must not be in it, and as it was read. */
export type Answered<T> = { readonly text: string; readonly value: T };

/** What people do and agents must not: calls through which secrets pass. */
export type Rest = {
  put<T>(path: string, body: object, answer: z.ZodType<T>): Promise<Answered<T>>;
  post<T>(path: string, answer: z.ZodType<T>): Promise<Answered<T>>;
};

export function restClient(url: string, key: string): Rest {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };

  async function ask<T>(path: string, request: RequestInit, answer: z.ZodType<T>): Promise<Answered<T>> {
    const response = await fetch(`${url}/api/v1${path}`, { headers, ...request });
    const text = await response.text();
    if (!response.ok) throw new Error(`${request.method} ${path} answered ${response.status}: ${text}`);
    return { text, value: answer.parse(JSON.parse(text)) };
  }

  return {
    put: (path, body, answer) => ask(path, { method: "PUT", body: JSON.stringify(body) }, answer),
    post: (path, answer) => ask(path, { method: "POST" }, answer),
  };
}
