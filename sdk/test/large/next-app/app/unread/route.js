export const POST = () => new Response("unread", { status: 202 });
