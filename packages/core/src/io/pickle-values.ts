import type { StoredDType } from "./stored-dtype.ts";

/** A name that a pickle refers to, as data: nothing is ever imported or called. */
export interface PickleGlobal {
  readonly global: string;
}

/** Flat numbers that one or several tensors view. */
export interface StorageRef {
  readonly storage: string;
  readonly dtype: StoredDType;
  readonly count: number;
}

/** A tensor as the pickle describes it: a strided view of a storage. */
export interface TensorRef {
  readonly view: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export interface PickleTuple {
  readonly tuple: readonly PickleValue[];
}

/** Everything a checkpoint may hold. Dictionaries are Maps, so no key can reach a prototype. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleTuple
  | PickleGlobal
  | StorageRef
  | TensorRef;

export function isTuple(value: PickleValue | undefined): value is PickleTuple {
  return typeof value === "object" && value !== null && "tuple" in value;
}

export function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return typeof value === "object" && value !== null && "global" in value;
}

export function isStorage(value: PickleValue | undefined): value is StorageRef {
  return typeof value === "object" && value !== null && "storage" in value;
}

export function isTensor(value: PickleValue | undefined): value is TensorRef {
  return typeof value === "object" && value !== null && "view" in value;
}
