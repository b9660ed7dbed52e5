export const agentName = "sluice-capture";
/** As in package.json, which a compiled copy of this file is too far away from to read. */
export const agentVersion = "0.1.0";
