import { WeightError } from "./errors.ts";

/** Reads the arguments of pickle opcodes; running past the end is a WeightError. */
export class PickleReader {
  readonly who: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  position: number;

  constructor(who: string, bytes: Uint8Array, position: number) {
    this.who = who;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  take(length: number): number {
    const start = this.position;
    if (!Number.isSafeInteger(length) || length < 0 || start + length > this.bytes.byteLength) {
      throw new WeightError(`${this.who}: its pickle ends in the middle; is the file truncated?`);
    }
    this.position = start + length;
    return start;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  f64(): number {
    return this.view.getFloat64(this.take(8)); // big-endian, unlike all other numbers
  }

  slice(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.slice(start, start + length);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.slice(length));
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    const line = this.text(end < 0 ? -1 : end - this.position);
    this.position++;
    return line;
  }

  /** A little-endian two's complement integer of any length; a number where it fits. */
  integer(length: number): number | bigint {
    if (length > 64) throw new WeightError(`${this.who}: an integer of ${length} bytes`);
    let value = 0n;
    for (const [i, byte] of this.slice(length).entries()) value |= BigInt(byte) << BigInt(8 * i);
    if (length > 0) value = BigInt.asIntN(8 * length, value);
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
}
