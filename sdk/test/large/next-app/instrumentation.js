export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") (await import("sluice-capture/next")).register();
}

export async function onRequestError(error) {
  if (process.env.NEXT_RUNTIME === "nodejs") (await import("sluice-capture/next")).onRequestError(error);
}
