import type { IncomingMessage, ServerResponse } from "node:http";

/** Lets pages of every origin read the answers, as docs/weights.md says. True where this was a question about that alone. */
export function answersOtherOrigins(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-expose-headers", "content-range, etag");
  response.setHeader("access-control-allow-headers", "range, if-range, content-type");
  response.setHeader("cross-origin-resource-policy", "cross-origin");
  if (request.method !== "OPTIONS") return false;
  response.writeHead(204).end();
  return true;
}
