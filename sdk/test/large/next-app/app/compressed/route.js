import { said } from "../../said.js";

export const dynamic = "force-dynamic";

export const GET = () => new Response(said().compressedText, { headers: { "Content-Type": "text/plain" } });
