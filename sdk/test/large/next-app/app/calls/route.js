export const dynamic = "force-dynamic";

export const GET = async () => {
  const answer = await fetch(`${process.env.UPSTREAM}/upstream?n=1`, { method: "POST", body: "asked" });
  return new Response(await answer.text());
};
