import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { defaultLimits } from "../../src/engines/inbound/inbound.ts";
import { listen } from "../../src/engines/inbound/node-http.ts";
import { sqliteStore } from "../../src/engines/store/sqlite.ts";
import { keyRingVault } from "../../src/engines/vault/key-ring.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { Failure } from "../../src/kernel/failure.ts";
import type { Principal, Scope, Scopes } from "../../src/kernel/principal.ts";
import { fingerprint } from "../../src/kernel/secret.ts";
import type { Engines } from "../../src/registry/engines.ts";
import { act, change, read, type Operation } from "../../src/registry/operation.ts";
import type { Document, Prompt } from "../../src/registry/plane.ts";
import { resource } from "../../src/registry/resource.ts";
import { selfHosted } from "../../src/registry/workspace.ts";
import type { Toolsets } from "../../src/surfaces/mcp/view.ts";
import type { McpMount } from "../../src/surfaces/mcp/mcp-route.ts";
import { mcpRoutes } from "../../src/surfaces/mcp/mcp-routes.ts";

const note = resource({
  kind: "note",
  prefix: "nt",
  shape: z.object({ text: z.string(), tags: z.array(z.string()) }),
  keys: ({ text }) => ({ text }),
});

const Note = z.object({
  id: z.string(),
  text: z.string(),
  tags: z.array(z.string()),
  seen: z.iso.datetime(),
});
type Note = z.output<typeof Note>;

function shown({
  id,
  value,
  createdAt,
}: {
  id: string;
  value: z.output<typeof note.shape>;
  createdAt: number;
}): Note {
  return { id, ...value, seen: new Date(createdAt).toISOString() };
}

const NoteId = z.string().min(1).max(100).describe("Its id.");

const listNotes = read({
  name: "list_notes",
  title: "List notes",
  does: "Lists the newest notes.",
  verb: "GET",
  path: "/notes",
  scope: "notes:read",
  input: z.object({ limit: z.int().min(1).max(50).default(20).describe("How many.") }),
  output: z.object({ notes: z.array(Note), nextCursor: z.string().optional() }),
  async run({ limit }, { unit }) {
    return { notes: (await unit.find(note, { limit })).map(shown), nextCursor: undefined };
  },
});

const getNote = read({
  name: "get_note",
  title: "Get a note",
  does: "Answers one note.",
  verb: "GET",
  path: "/notes/:noteId",
  scope: "notes:read",
  input: z.object({ noteId: NoteId }),
  output: z.object({ note: Note }),
  async run({ noteId }, { unit }) {
    const row = await unit.get(note, noteId);
    if (row === undefined) throw new Failure("not_found", "No such note.", { pointer: "/noteId" });
    return { note: shown(row) };
  },
});

const createNote = change({
  name: "create_note",
  title: "Create a note",
  does: "Writes a note.",
  verb: "POST",
  path: "/notes",
  scope: "notes:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    text: z.string().min(1).max(1_000),
    tags: z
      .array(z.enum(["red", "green"]))
      .max(5)
      .default([]),
    link: z.url().optional(),
    size: z.int().optional(),
  }),
  output: z.object({ note: Note }),
  async run({ text, tags }, { unit }) {
    return { note: shown(unit.create(note, { text, tags })) };
  },
});

const deleteNote = change({
  name: "delete_note",
  title: "Delete a note",
  does: "Removes a note.",
  verb: "DELETE",
  path: "/notes/:noteId",
  scope: "notes:write",
  destructive: true,
  undoNone: null,
  input: z.object({ noteId: NoteId }),
  output: z.object({ deleted: z.string() }),
  async run({ noteId }, { unit }) {
    const row = await unit.get(note, noteId);
    if (row === undefined) throw new Failure("not_found", "No such note.", { pointer: "/noteId" });
    unit.remove(note, row);
    return { deleted: noteId };
  },
});

const sendNote = act({
  name: "send_note",
  title: "Send a note",
  does: "Sends a note somewhere.",
  verb: "POST",
  path: "/notes/send",
  scope: "notes:write",
  destructive: false,
  input: z.object({ text: z.string() }),
  output: z.object({ sent: z.boolean() }),
  plan: async ({ text }) => text,
  preview: () => ({ sent: false }),
  perform: async () => ({ sent: true }),
});

const breakDown = read({
  name: "break_down",
  title: "Break down",
  does: "Has a bug.",
  verb: "GET",
  path: "/bug",
  scope: "bugs:read",
  input: z.object({}),
  output: z.object({ ok: z.boolean() }),
  run: () => Promise.reject(new Error("the secret reason")),
});

const showKey = read({
  name: "show_key",
  title: "Show a key",
  does: "Shows a secret once.",
  verb: "GET",
  path: "/key",
  scope: "notes:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ key: z.string() }),
  run: async () => ({ key: "sk_test_fake" }),
});

export const operations: readonly Operation[] = [
  listNotes,
  getNote,
  createNote,
  deleteNote,
  sendNote,
  breakDown,
  showKey,
];

export const documents: readonly Document[] = [
  {
    name: "notes-list",
    title: "Notes",
    does: "The newest notes.",
    uri: "sluice://notes/list",
    aliases: ["sample://notes/list"],
    operation: "list_notes",
    variables: {},
    follows: { records: ["note"], traffic: false },
  },
  {
    name: "note-detail",
    title: "A note",
    does: "One note.",
    uri: "sluice://notes/{id}",
    aliases: ["sample://notes/{id}"],
    operation: "get_note",
    variables: { id: "noteId" },
    suggests: { id: { operation: "list_notes", list: "notes", members: ["id"] } },
    follows: { records: ["note"], traffic: false },
  },
  {
    name: "bug",
    title: "A bug",
    does: "Breaks down.",
    uri: "sluice://bug",
    aliases: [],
    operation: "break_down",
    variables: {},
  },
];

export const prompts: readonly Prompt[] = [
  {
    name: "review_notes",
    title: "Review notes",
    does: "Asks for a review of the newest notes.",
    scope: "notes:read",
    arguments: z.object({
      topic: z.string().min(2).max(50).describe("What to look for."),
      style: z.enum(["short", "long"]).optional(),
    }),
    suggests: { topic: { values: ["birds", "Bees", "blackbirds"] } },
    async render({ topic, style = "short" }, call) {
      const { notes } = await call("list_notes", { limit: 5 });
      return `Look for ${topic}, ${style}, in ${JSON.stringify(notes)}`;
    },
  },
];

/** What is listed together. */
export const toolsets: Toolsets = {
  names: ["notes", "bugs", "self"],
  of: ({ name }) => (name === "break_down" ? "bugs" : "notes"),
  everyView: new Set(),
};

export const workspaceId = "ws_sample";
export const otherWorkspaceId = "ws_other";
export const keys = { all: "mk_fake_all", reader: "mk_fake_reader", stranger: "mk_fake_stranger" } as const;
/** May do everything in one workspace and read in the other. */
export const keyOfSeveral = "mk_fake_several";

const principals = new Map<string, Principal>(
  Object.entries({
    [keys.all]: [[workspaceId, "all"]] as const,
    [keys.reader]: [[workspaceId, new Set<Scope>(["notes:read"])]] as const,
    [keys.stranger]: [[workspaceId, new Set<Scope>(["other:read"])]] as const,
    [keyOfSeveral]: [
      [otherWorkspaceId, "all"],
      [workspaceId, new Set<Scope>(["notes:read"])],
    ] as const,
  }).map(([key, workspaces]) => [
    fingerprint(key),
    {
      workspaces: new Map<string, Scopes>(workspaces),
      actor: { kind: "key", id: key },
      credential: { kind: "api-key", id: key },
      confines: {},
      toolsets: ["notes", "bugs"],
    },
  ]),
);

/** As the product's own: by the hash of the key. */
export async function authenticate({
  authorization,
}: {
  authorization: string | undefined;
}): Promise<Principal> {
  const key = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  const principal = key === undefined ? undefined : principals.get(fingerprint(key));
  if (principal !== undefined) return principal;
  throw new Failure("unauthenticated", key === undefined ? "No key was sent." : "This key is not valid.", {
    hint: "Send Authorization: Bearer <key>.",
  });
}

export type Sample = {
  readonly url: URL;
  /** Another address of the same server. */
  at(path: string): URL;
  readonly engines: Engines;
  readonly log: readonly string[];
  close(): Promise<void>;
};

/** The sample's operations over a real store, served by a real server at `/api/mcp`. */
export async function serveSample(mount: Partial<McpMount> = {}): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-mcp-"));
  const log: string[] = [];
  const engines = enginesIn(folder, log);
  for (const id of [workspaceId, otherWorkspaceId]) await engines.store.commit(newWorkspace(id, engines));
  const routes = mcpRoutes({
    operations,
    documents,
    prompts,
    toolsets,
    engines,
    authenticate,
    enabled: true,
    serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
    ...mount,
  });
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes,
    app: null,
    limits: defaultLimits,
    clock: wallClock,
    log: engines.log,
  });
  return {
    url: new URL(`${inbound.url}/api/mcp`),
    at: (path) => new URL(inbound.url + path),
    engines,
    log,
    async close() {
      await inbound.close(0);
      await engines.store.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Store and vault are real; what the sample's operations have no use for is not there. */
function enginesIn(folder: string, log: string[]): Engines {
  const engines: Partial<Engines> = {
    clock: wallClock,
    store: sqliteStore(join(folder, "store.db"), wallClock),
    vault: keyRingVault({ current: createSecretKey(randomBytes(32)), older: [] }),
    log: (line) => void log.push(line),
    settings: {
      publicUrl: "https://sluice.example",
      echoUrl: "https://sluice.example/echo",
      ingestRate: 0,
      replayTargets: [],
    },
  };
  return engines as Engines;
}

function newWorkspace(id: string, { clock }: Engines): Parameters<Engines["store"]["commit"]>[0] {
  return {
    workspace: id,
    at: clock.now(),
    actor: { kind: "system", id: "test" },
    operation: "start",
    records: [
      {
        kind: "workspace",
        id,
        expected: 0,
        value: { name: "Sample", plan: selfHosted },
        secrets: {},
        fingerprints: {},
        keys: {},
        globalKeys: {},
        indexes: {},
        deletedAt: null,
        restores: null,
      },
    ],
    entries: [],
    outbox: [],
    audit: null,
  };
}
