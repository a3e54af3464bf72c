import type { TensorSpec } from "@albef/core";
import { encode, type Field } from "./protobuf.ts";

export type Attribute = number | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  /** Empty where an optional operand is left out. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
}

export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
}

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

/** An ONNX file (onnx.proto): opset 20, which has Gelu and LayerNormalization, and onnxruntime's own operators. */
export function onnxFile({ nodes, constants, inputs, outputs }: OnnxGraph): Uint8Array<ArrayBuffer> {
  const graph: Field[] = [
    ...nodes.map((node) => ({ field: 1, message: nodeFields(node) })),
    { field: 2, text: "albef" },
    ...[...constants].map(([name, tensor]) => ({ field: 5, message: tensorFields(name, tensor) })),
    ...Object.entries(inputs).map(([name, spec]) => ({ field: 11, message: valueFields(name, spec) })),
    ...Object.entries(outputs).map(([name, spec]) => ({ field: 12, message: valueFields(name, spec) })),
  ];
  const opset = (domain: string, version: number): Field => ({
    field: 8,
    message: [
      { field: 1, text: domain },
      { field: 2, varint: version },
    ],
  });
  return encode([{ field: 1, varint: 9 }, { field: 7, message: graph }, opset("", 20), opset("com.microsoft", 1)]);
}

function nodeFields({ op, inputs, output, attributes = {}, domain = "" }: OnnxNode): Field[] {
  return [
    ...inputs.map((name) => ({ field: 1, text: name })),
    { field: 2, text: output },
    { field: 4, text: op },
    ...Object.entries(attributes).map(([name, value]) => ({ field: 5, message: attributeFields(name, value) })),
    { field: 7, text: domain },
  ];
}

function attributeFields(name: string, value: Attribute): Field[] {
  const named: Field = { field: 1, text: name };
  if (typeof value === "number") return [named, { field: 3, varint: value }, { field: 20, varint: 2 }];
  if ("float" in value) return [named, { field: 2, float: value.float }, { field: 20, varint: 1 }];
  return [named, ...value.map((one) => ({ field: 8, varint: one })), { field: 20, varint: 7 }];
}

function tensorFields(name: string, { shape, data }: OnnxTensor): Field[] {
  return [
    ...shape.map((extent) => ({ field: 1, varint: extent })),
    { field: 2, varint: data instanceof Float32Array ? FLOAT : INT64 },
    { field: 8, text: name },
    { field: 9, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) },
  ];
}

function valueFields(name: string, { dtype, shape }: TensorSpec): Field[] {
  const dimensions = shape.map((extent) => ({ field: 1, message: [{ field: 1, varint: extent }] }));
  const tensor: Field[] = [
    { field: 1, varint: dtype === "f32" ? FLOAT : INT32 },
    { field: 2, message: dimensions },
  ];
  return [
    { field: 1, text: name },
    { field: 2, message: [{ field: 1, message: tensor }] },
  ];
}
