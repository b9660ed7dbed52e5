// An application as its authors would write it: nothing in it knows of Sluice. All is said by OTEL_* variables.
const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK({
  instrumentations: [
    new HttpInstrumentation({
      headersToSpanAttributes: {
        server: { requestHeaders: ["content-type", "authorization"], responseHeaders: ["content-type"] },
      },
    }),
    new ExpressInstrumentation(),
  ],
});
sdk.start();

const http = require("node:http");
const express = require("express");

const app = express();
app.get("/users/:id", (request, response, next) => {
  const { port } = server.address();
  http
    .get({ port, path: `/stock/${request.params.id}`, agent: false }, (answer) => {
      answer.resume().on("end", () => response.json({ id: request.params.id }));
    })
    .on("error", next);
});
app.get("/stock/:id", (_request, response) => response.json({ left: 3 }));
app.get("/broken", () => {
  throw new TypeError("no such shelf");
});

const server = app.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.once("message", () => {
  server.close();
  void sdk.shutdown().then(() => process.disconnect());
});
