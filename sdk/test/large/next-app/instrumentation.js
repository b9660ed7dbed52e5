export { register, onRequestError } from "sluice-capture/next";
