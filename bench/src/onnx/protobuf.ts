/** The part of protobuf's wire format that an ONNX file needs (protobuf.dev/programming-guides/encoding). */
export type Field =
  | { readonly field: number; readonly varint: number }
  | { readonly field: number; readonly float: number }
  | { readonly field: number; readonly bytes: Uint8Array }
  | { readonly field: number; readonly text: string }
  | { readonly field: number; readonly message: readonly Field[] };

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/** The bytes of a message. */
export function encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const parts = fields.flatMap(encodeField);
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function encodeField(field: Field): Uint8Array[] {
  const tag = (wire: number) => varint(field.field * 8 + wire);
  if ("varint" in field) return [tag(VARINT), varint(field.varint)];
  if ("float" in field) return [tag(FIXED32), new Uint8Array(Float32Array.of(field.float).buffer)];
  const bytes =
    "bytes" in field ? field.bytes : "text" in field ? new TextEncoder().encode(field.text) : encode(field.message);
  return [tag(LENGTH), varint(bytes.length), bytes];
}

/** Seven bits a byte, lowest first; negative numbers as 64-bit two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
