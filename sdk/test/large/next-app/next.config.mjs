export default {
  serverExternalPackages: ["sluice-capture"],
  turbopack: { root: new URL("../../../..", import.meta.url).pathname },
};
