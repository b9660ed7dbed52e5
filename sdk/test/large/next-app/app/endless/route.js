export const dynamic = "force-dynamic";

export const GET = () => {
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("begun")),
  });
  // Without a transformation, since what compresses holds back the first bytes.
  return new Response(stream, { headers: { "Content-Type": "text/plain", "Cache-Control": "no-transform" } });
};
