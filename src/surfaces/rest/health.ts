import { Hono } from "hono";

export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

export type Health = {
  readonly ready: () => Promise<readonly Check[]>;
  /** Prometheus text exposition format 0.0.4. */
  readonly metrics: () => Promise<string>;
};

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** For whoever runs the server: `/healthz` (the process lives), `/readyz` (503 unless every part works), `/metrics`. */
export function healthApp({ ready, metrics }: Health): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.json({ ok: true }, 200, headers));
  app.get("/readyz", async (c) => {
    const checks = await ready();
    const ok = checks.every((check) => check.ok);
    return c.json({ ok, checks }, ok ? 200 : 503, headers);
  });
  app.get("/metrics", async (c) =>
    c.body(await metrics(), 200, { ...headers, "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  return app;
}
