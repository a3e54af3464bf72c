export { fileSource } from "./io/node-source.ts";
