import { said } from "../../said.js";

export const dynamic = "force-dynamic";

export const GET = () => {
  const stream = new ReadableStream({
    start(controller) {
      for (const event of said().events) controller.enqueue(new TextEncoder().encode(event));
      controller.close();
    },
  });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
};
