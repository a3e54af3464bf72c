import { DTypeError, ShapeError } from "./errors.ts";
import { type DType, elementCount, formatSpec, isFloat, type Shape, type TensorSpec } from "./spec.ts";

export function lastDim(spec: { readonly shape: Shape }): number {
  return spec.shape[spec.shape.length - 1] ?? 1;
}

/** Number of vectors along the last axis. */
export function rowCount(spec: { readonly shape: Shape }): number {
  return elementCount(spec.shape.slice(0, -1));
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The shape that `a` and `b` broadcast to (NumPy rule). */
export function broadcastShapes(op: string, a: TensorSpec, b: TensorSpec): number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a.shape[axis - rank + a.shape.length] ?? 1;
    const right = b.shape[axis - rank + b.shape.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        `${op}: ${formatSpec(a)} and ${formatSpec(b)} do not broadcast (axis ${axis}: ${left} and ${right})`,
      );
    }
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** Strides with which `shape` is read as the broadcast `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const offset = target.length - shape.length;
  return target.map((_, axis) => (axis < offset || shape[axis - offset] === 1 ? 0 : strides[axis - offset]!));
}

/** A possibly negative axis as an index into the shape. */
export function normalizeAxis(op: string, axis: number, spec: TensorSpec): number {
  const index = axis < 0 ? axis + spec.shape.length : axis;
  if (!Number.isInteger(index) || index < 0 || index >= spec.shape.length) {
    throw new ShapeError(`${op}: axis ${axis} is not an axis of ${formatSpec(spec)}`);
  }
  return index;
}

/** Throws unless `spec` has exactly this shape. */
export function expectShape(op: string, operand: string, spec: TensorSpec, shape: Shape): void {
  if (!sameShape(spec.shape, shape)) {
    throw new ShapeError(`${op}: ${operand} must have shape [${shape.join(",")}], got ${formatSpec(spec)}`);
  }
}

export function expectRank(op: string, operand: string, spec: TensorSpec, rank: number): void {
  if (spec.shape.length !== rank) {
    throw new ShapeError(`${op}: ${operand} must have ${rank} axes, got ${formatSpec(spec)}`);
  }
}

export function expectFloat(op: string, operand: string, spec: TensorSpec): void {
  if (!isFloat(spec.dtype)) throw new DTypeError(`${op}: ${operand} must be f32 or f16, got ${formatSpec(spec)}`);
}

export function expectDType(op: string, operand: string, spec: TensorSpec, dtypes: readonly DType[]): void {
  if (!dtypes.includes(spec.dtype)) {
    throw new DTypeError(`${op}: ${operand} must be ${dtypes.join(" or ")}, got ${formatSpec(spec)}`);
  }
}

/** What a grid must respect. */
export interface GridLimits {
  readonly maxWorkgroupsPerDimension: number;
}

export type Workgroups = readonly [number, number, number];

/** `count` workgroups folded over two grid axes; kernels read their index as `group.y * groups.x + group.x`. */
export function foldGrid(count: number, limits: GridLimits): Workgroups {
  const limit = limits.maxWorkgroupsPerDimension;
  if (count <= limit) return [Math.max(count, 1), 1, 1];
  const y = Math.ceil(count / limit);
  if (y > limit) throw new ShapeError(`${count} workgroups do not fit a grid of ${limit} x ${limit}`);
  return [Math.ceil(count / y), y, 1];
}
