/** A tensor has a shape that an operation cannot take. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A tensor has an element type that an operation cannot take. */
export class DTypeError extends Error {
  override readonly name = "DTypeError";
}

/** A graph, an input or an output is not what a program expects. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

/** No usable GPU, a lost device, a kernel that does not compile, or memory that ran out. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}
