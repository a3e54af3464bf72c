const LANES = 8;

/** table[k][byte]: what a byte contributes once k more bytes have followed (slicing-by-8, Kounavis and Berry 2005). */
const TABLES = tables();

function tables(): readonly Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const all = [first];
  while (all.length < LANES) all.push(all.at(-1)!.map((value) => (value >>> 8) ^ first[value & 255]!));
  return all;
}

/** CRC-32 as zip files have it (ISO 3309); `before` is that of the bytes in front. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = ~before;
  let i = 0;
  for (const whole = bytes.length - (bytes.length % LANES); i < whole; i += LANES) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t7![low & 255]! ^
      t6![(low >>> 8) & 255]! ^
      t5![(low >>> 16) & 255]! ^
      t4![low >>> 24]! ^
      t3![bytes[i + 4]!]! ^
      t2![bytes[i + 5]!]! ^
      t1![bytes[i + 6]!]! ^
      t0![bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0![(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
