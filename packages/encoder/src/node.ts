export { decodeImageInNode } from "./image/decode-node.ts";
