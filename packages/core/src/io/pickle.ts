import { WeightError } from "./errors.ts";
import { PickleReader } from "./pickle-reader.ts";
import { isTuple, type PickleValue } from "./pickle-values.ts";
import { allowedGlobal, rebuild, storageRef } from "./torch-globals.ts";

interface Machine {
  readonly reader: PickleReader;
  stack: PickleValue[];
  readonly marks: PickleValue[][];
  readonly memo: Map<number, PickleValue>;
}

/** A checkpoint of thousands of tensors needs some 100,000; what a pickle holds grows by one value an opcode at most. */
const MAX_OPCODES = 5_000_000;

/**
 * Reads one pickle as data. Only the opcodes below exist here, and "calls" only describe tensors and containers: no
 * code of the file is ever run. Returns the value and the position after it.
 */
export function readPickle(who: string, bytes: Uint8Array, position = 0): { value: PickleValue; end: number } {
  const machine: Machine = { reader: new PickleReader(who, bytes, position), stack: [], marks: [], memo: new Map() };
  for (let count = 0; count < MAX_OPCODES; count++) {
    const at = machine.reader.position;
    const opcode = machine.reader.u8();
    if (opcode === 0x2e) return { value: pop(machine), end: machine.reader.position };
    const step = OPCODES.get(opcode);
    if (!step) {
      throw new WeightError(
        `${who}: refused, pickle opcode 0x${opcode.toString(16)} at byte ${at} is not one that tensors need`,
      );
    }
    step(machine);
  }
  throw new WeightError(`${who}: its pickle holds more than ${MAX_OPCODES} opcodes`);
}

function push(machine: Machine, value: PickleValue): void {
  machine.stack.push(value);
}

function pop(machine: Machine): PickleValue {
  const value = machine.stack.pop();
  if (value === undefined) throw new WeightError(`${machine.reader.who}: its pickle takes a value that is not there`);
  return value;
}

function mark(machine: Machine): void {
  machine.marks.push(machine.stack);
  machine.stack = [];
}

function popMark(machine: Machine): PickleValue[] {
  const items = machine.stack;
  const before = machine.marks.pop();
  if (!before) throw new WeightError(`${machine.reader.who}: its pickle has no mark`);
  machine.stack = before;
  return items;
}

function popMany(machine: Machine, count: number): PickleValue[] {
  return Array.from({ length: count }, () => pop(machine)).reverse();
}

function top(machine: Machine): PickleValue {
  const value = pop(machine);
  push(machine, value);
  return value;
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = top(machine);
  if (!Array.isArray(list)) throw new WeightError(`${machine.reader.who}: its pickle appends to what is no list`);
  for (const item of items) list.push(item);
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const target = top(machine);
  if (!(target instanceof Map) || items.length % 2 !== 0) {
    throw new WeightError(`${machine.reader.who}: its pickle sets items of what is no dictionary`);
  }
  for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!);
}

function dictionary(machine: Machine, items: readonly PickleValue[]): void {
  push(machine, new Map());
  setItems(machine, items);
}

function recall(machine: Machine, key: number): void {
  const value = machine.memo.get(key);
  if (value === undefined)
    throw new WeightError(`${machine.reader.who}: its pickle recalls value ${key}, which is not there`);
  push(machine, value);
}

function reduce(machine: Machine): void {
  const args = pop(machine);
  push(machine, rebuild(machine.reader.who, pop(machine), args));
}

/** State of an OrderedDict (its `_metadata`) is dropped; nothing else has any. */
function build(machine: Machine): void {
  pop(machine);
  if (!(top(machine) instanceof Map))
    throw new WeightError(`${machine.reader.who}: refused, its pickle gives state to an object`);
}

function stackGlobal(machine: Machine): void {
  const [module, name] = popMany(machine, 2);
  push(machine, allowedGlobal(machine.reader.who, String(module), String(name)));
}

function decimal(machine: Machine, line: string): void {
  const isFlag = line === "00" || line === "01";
  const value = isFlag ? line === "01" : Number(line.replace(/L$/, ""));
  if (!isFlag && !Number.isFinite(value)) throw new WeightError(`${machine.reader.who}: ${line} is no number`);
  push(machine, value);
}

function persistent(machine: Machine): void {
  const id = pop(machine);
  if (!isTuple(id)) throw new WeightError(`${machine.reader.who}: a persistent id that is no storage`);
  push(machine, storageRef(machine.reader.who, id));
}

type Step = (machine: Machine) => void;

const OPCODES: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, (m) => void m.reader.u8()], // PROTO
  [0x95, (m) => void m.reader.u64()], // FRAME
  [0x28, mark], // MARK
  [0x30, (m) => void pop(m)], // POP
  [0x31, (m) => void popMark(m)], // POP_MARK
  [0x32, (m) => push(m, top(m))], // DUP
  [0x4e, (m) => push(m, null)], // NONE
  [0x88, (m) => push(m, true)], // NEWTRUE
  [0x89, (m) => push(m, false)], // NEWFALSE
  [0x49, (m) => decimal(m, m.reader.line())], // INT
  [0x4c, (m) => decimal(m, m.reader.line())], // LONG
  [0x46, (m) => decimal(m, m.reader.line())], // FLOAT
  [0x4a, (m) => push(m, m.reader.i32())], // BININT
  [0x4b, (m) => push(m, m.reader.u8())], // BININT1
  [0x4d, (m) => push(m, m.reader.u16())], // BININT2
  [0x8a, (m) => push(m, m.reader.integer(m.reader.u8()))], // LONG1
  [0x8b, (m) => push(m, m.reader.integer(m.reader.i32()))], // LONG4
  [0x47, (m) => push(m, m.reader.f64())], // BINFLOAT
  [0x58, (m) => push(m, m.reader.text(m.reader.u32()))], // BINUNICODE
  [0x8c, (m) => push(m, m.reader.text(m.reader.u8()))], // SHORT_BINUNICODE
  [0x8d, (m) => push(m, m.reader.text(m.reader.u64()))], // BINUNICODE8
  [0x54, (m) => push(m, m.reader.text(m.reader.i32()))], // BINSTRING
  [0x55, (m) => push(m, m.reader.text(m.reader.u8()))], // SHORT_BINSTRING
  [0x42, (m) => push(m, m.reader.slice(m.reader.u32()))], // BINBYTES
  [0x43, (m) => push(m, m.reader.slice(m.reader.u8()))], // SHORT_BINBYTES
  [0x5d, (m) => push(m, [])], // EMPTY_LIST
  [0x6c, (m) => push(m, popMark(m))], // LIST
  [0x61, (m) => append(m, popMany(m, 1))], // APPEND
  [0x65, (m) => append(m, popMark(m))], // APPENDS
  [0x29, (m) => push(m, { tuple: [] })], // EMPTY_TUPLE
  [0x74, (m) => push(m, { tuple: popMark(m) })], // TUPLE
  [0x85, (m) => push(m, { tuple: popMany(m, 1) })], // TUPLE1
  [0x86, (m) => push(m, { tuple: popMany(m, 2) })], // TUPLE2
  [0x87, (m) => push(m, { tuple: popMany(m, 3) })], // TUPLE3
  [0x7d, (m) => push(m, new Map())], // EMPTY_DICT
  [0x64, (m) => dictionary(m, popMark(m))], // DICT
  [0x73, (m) => setItems(m, popMany(m, 2))], // SETITEM
  [0x75, (m) => setItems(m, popMark(m))], // SETITEMS
  [0x71, (m) => void m.memo.set(m.reader.u8(), top(m))], // BINPUT
  [0x72, (m) => void m.memo.set(m.reader.u32(), top(m))], // LONG_BINPUT
  [0x94, (m) => void m.memo.set(m.memo.size, top(m))], // MEMOIZE
  [0x68, (m) => recall(m, m.reader.u8())], // BINGET
  [0x6a, (m) => recall(m, m.reader.u32())], // LONG_BINGET
  [0x63, (m) => push(m, allowedGlobal(m.reader.who, m.reader.line(), m.reader.line()))], // GLOBAL
  [0x93, stackGlobal], // STACK_GLOBAL
  [0x52, reduce], // REDUCE
  [0x62, build], // BUILD
  [0x51, persistent], // BINPERSID
]);
