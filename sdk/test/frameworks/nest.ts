import type { ServerResponse } from "node:http";
import { createGzip } from "node:zlib";
import { load, missing } from "../installed.ts";
import { compressedText, events, thrown, user, type Framework } from "./application.ts";

type Decorator = (target: object, name: string, given: PropertyDescriptor) => void;
type ArgumentDecorator = (target: object, name: string, index: number) => void;
type Nest = {
  Module(given: object): (target: object) => void;
  Controller(): (target: object) => void;
  Get(path: string): Decorator;
  Post(path: string): Decorator;
  HttpCode(status: number): Decorator;
  Res(): ArgumentDecorator;
  Body(): ArgumentDecorator;
};
type NestApp = {
  listen(port: number, host: string): Promise<unknown>;
  getUrl(): Promise<string>;
  close(): Promise<void>;
  getHttpServer(): { closeAllConnections(): void };
};
type Core = { readonly NestFactory: { create(module: object, options: object): Promise<NestApp> } };

/** Its decorators are called by hand: Node strips types, and decorators are none. */
export const nestApp: Framework = {
  name: "NestJS 11",
  missing: missing("@nestjs/core"),
  userRoute: "/users/:id",
  tellsErrors: false,
  async start(upstream) {
    await load("reflect-metadata");
    const nest = (await load("@nestjs/common")) as Nest;
    const { NestFactory } = (await load("@nestjs/core")) as Core;
    const Module = function () {};
    nest.Module({ controllers: [controller(nest, upstream)] })(Module);
    const app = await NestFactory.create(Module, { logger: false });
    await app.listen(0, "127.0.0.1");
    return {
      url: (await app.getUrl()).replace(/\/$/, ""),
      async close() {
        app.getHttpServer().closeAllConnections();
        await app.close();
      },
    };
  },
};

function controller({ Controller, Get, Post, HttpCode, Res, Body }: Nest, upstream: string): object {
  class Answers {
    user() {
      return user;
    }
    echo(body: unknown) {
      return body;
    }
    throws() {
      throw new Error(thrown);
    }
    stream(response: ServerResponse) {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const event of events) response.write(event);
      response.end();
    }
    unread() {
      return "unread";
    }
    endless(response: ServerResponse) {
      response.writeHead(200, { "Content-Type": "text/plain" }).write("begun");
    }
    compressed(response: ServerResponse) {
      response.writeHead(200, { "Content-Type": "text/plain", "Content-Encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.end(compressedText);
    }
    async calls() {
      const answer = await fetch(`${upstream}/upstream?n=1`, { method: "POST", body: "asked" });
      return answer.text();
    }
  }
  const decorated: Readonly<Record<string, readonly Decorator[]>> = {
    user: [Get("users/:id")],
    echo: [Post("echo")],
    throws: [Get("throws")],
    stream: [Get("stream")],
    unread: [Post("unread"), HttpCode(202)],
    endless: [Get("endless")],
    compressed: [Get("compressed")],
    calls: [Get("calls")],
  };
  for (const [name, decorators] of Object.entries(decorated)) {
    const given = Object.getOwnPropertyDescriptor(Answers.prototype, name) ?? {};
    for (const decorate of decorators) decorate(Answers.prototype, name, given);
  }
  for (const name of ["stream", "endless", "compressed"]) Res()(Answers.prototype, name, 0);
  Body()(Answers.prototype, "echo", 0);
  Controller()(Answers);
  return Answers;
}
