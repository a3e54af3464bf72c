const BLOCK = 64;

/** A SHA-256 that takes its bytes as they come; WebCrypto's wants them whole in memory. */
export interface Sha256 {
  update(bytes: Uint8Array): Sha256;
  /** 32 bytes; nothing may be added after it. */
  digest(): Uint8Array;
  /** The same in hexadecimal. */
  hex(): string;
}

/** FIPS 180-4. */
export function sha256(): Sha256 {
  const { constants, state } = tables();
  const schedule = new Int32Array(BLOCK);
  const pending = new Uint8Array(BLOCK);
  let [filled, total] = [0, 0];
  const hash: Sha256 = {
    update(bytes) {
      total += bytes.length;
      let at = 0;
      if (filled > 0) {
        at = Math.min(BLOCK - filled, bytes.length);
        pending.set(bytes.subarray(0, at), filled);
        filled += at;
        if (filled < BLOCK) return hash;
        compress(state, schedule, constants, new DataView(pending.buffer));
        filled = 0;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (; at + BLOCK <= bytes.length; at += BLOCK) compress(state, schedule, constants, view, at);
      pending.set(bytes.subarray(at));
      filled = bytes.length - at;
      return hash;
    },
    digest() {
      const end = new Uint8Array(filled < 56 ? 64 - filled : 128 - filled);
      end[0] = 0x80;
      const view = new DataView(end.buffer);
      view.setUint32(end.length - 8, Math.floor(total / 2 ** 29));
      view.setUint32(end.length - 4, total << 3);
      hash.update(end);
      const result = new DataView(new ArrayBuffer(32));
      for (const [i, word] of state.entries()) result.setInt32(4 * i, word);
      return new Uint8Array(result.buffer);
    },
    hex: () => hexOf(hash.digest()),
  };
  return hash;
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first 32 bits of the fractions of cube roots (constants) and square roots (first state) of the first primes. */
function tables() {
  const constants = new Int32Array(BLOCK);
  const state = new Int32Array(8);
  const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32;
  for (let candidate = 2, count = 0; count < BLOCK; candidate++) {
    let isPrime = true;
    for (let i = 2; i * i <= candidate; i++) if (candidate % i === 0) isPrime = false;
    if (!isPrime) continue;
    constants[count] = fraction(candidate ** (1 / 3));
    if (count < 8) state[count] = fraction(Math.sqrt(candidate));
    count++;
  }
  return { constants, state };
}

function turned(x: number, by: number): number {
  return (x >>> by) | (x << (32 - by));
}

// Plain variables and indices: this loop runs over every byte of the weights.
function compress(state: Int32Array, w: Int32Array, k: Int32Array, bytes: DataView, offset = 0): void {
  for (let i = 0; i < 16; i++) w[i] = bytes.getInt32(offset + 4 * i);
  for (let i = 16; i < BLOCK; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const s1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < BLOCK; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}
