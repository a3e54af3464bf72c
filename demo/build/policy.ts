/**
 * What the page and its worker may do, for servers that can say so: no inline script, no eval. `wasm-unsafe-eval` and
 * `blob:` are for tfjs, which browsers without WebGPU fall back to: it compiles wasm, and its threads are workers made
 * of the text of its script. Models come from any address that the user gives.
 */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  "worker-src 'self' blob:",
  "connect-src 'self' http: https: blob: data:",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");
