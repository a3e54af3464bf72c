import { WeightError } from "./errors.ts";
import {
  isGlobal,
  isStorage,
  isTensor,
  isTuple,
  type PickleTuple,
  type PickleValue,
  type StorageRef,
} from "./pickle-values.ts";
import type { StoredDType } from "./stored-dtype.ts";

const STORAGES: ReadonlyMap<string, StoredDType> = new Map([
  ["torch.FloatStorage", "F32"],
  ["torch.DoubleStorage", "F64"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/** Elements of a tensor that `expand` made from fewer: a few stored bytes must not fill the memory. */
const MAX_EXPANDED = 2 ** 24;

const REBUILD = "torch._utils._rebuild_tensor_v2";
const PARAMETER = "torch._utils._rebuild_parameter";
const ORDERED = "collections.OrderedDict";
const SIZE = "torch.Size";

/** The only names a checkpoint may refer to. */
export function allowedGlobal(who: string, module: string, name: string): PickleValue {
  const global = `${module}.${name}`;
  if ([REBUILD, PARAMETER, ORDERED, SIZE].includes(global) || STORAGES.has(global)) return { global };
  throw new WeightError(`${who}: refused, its pickle imports ${global}; only tensors and plain containers are read`);
}

/** What "calling" an allowed name gives: a description of a tensor or a container. */
export function rebuild(who: string, callee: PickleValue, args: PickleValue): PickleValue {
  if (!isGlobal(callee) || !isTuple(args))
    throw new WeightError(`${who}: refused, its pickle calls something that is no name`);
  switch (callee.global) {
    case ORDERED:
      if (args.tuple.length > 0) throw new WeightError(`${who}: an OrderedDict with arguments is not read`);
      return new Map();
    case SIZE:
      return args.tuple[0] ?? { tuple: [] };
    case REBUILD:
      return tensorRef(who, args);
    case PARAMETER: {
      const [tensor] = args.tuple;
      if (!isTensor(tensor)) throw new WeightError(`${who}: a parameter without a tensor`);
      return tensor;
    }
    default:
      throw new WeightError(`${who}: refused, its pickle calls ${callee.global}`);
  }
}

/** The persistent id ('storage', type, key, location, count[, view]) that stands for a storage. */
export function storageRef(who: string, id: PickleValue): StorageRef {
  if (!isTuple(id) || id.tuple[0] !== "storage") throw new WeightError(`${who}: a persistent id that is no storage`);
  const [, type, key, , count] = id.tuple;
  const dtype = isGlobal(type) ? STORAGES.get(type.global) : undefined;
  if (!dtype || typeof key !== "string" || !isSize(count))
    throw new WeightError(`${who}: a storage that is not described as PyTorch does`);
  return { storage: key, dtype, count };
}

function tensorRef(who: string, { tuple }: PickleTuple): PickleValue {
  const [view, offset, shape, strides] = tuple;
  if (
    !isStorage(view) ||
    !isSize(offset) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.tuple.length !== strides.tuple.length
  ) {
    throw new WeightError(`${who}: a tensor that is not described as PyTorch does`);
  }
  const sizes = shape.tuple as number[];
  const steps = strides.tuple as number[];
  const last = sizes.reduce((sum, extent, axis) => sum + (extent - 1) * steps[axis]!, offset);
  if (!sizes.includes(0) && !(last < view.count)) {
    throw new WeightError(
      `${who}: a tensor [${sizes.join(",")}] reaches element ${last} of a storage of ${view.count}`,
    );
  }
  const count = sizes.reduce((product, extent) => product * extent, 1);
  if (count > Math.max(view.count, MAX_EXPANDED)) {
    throw new WeightError(`${who}: a tensor [${sizes.join(",")}] repeats elements of a storage of ${view.count}`);
  }
  return { view, offset, shape: sizes, strides: steps };
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is PickleTuple {
  return isTuple(value) && value.tuple.every(isSize);
}
