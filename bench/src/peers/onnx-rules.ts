import type { Graph, TensorSpec } from "@albef/core";
import { type Attribute, type OnnxNode, type OnnxTensor, onnxFile } from "../onnx/model.ts";
import type { Workload } from "../workloads/workload.ts";
import { type Call, denseKernels, interpret, type Rules, transposed } from "./rules.ts";

interface Draft {
  readonly nodes: OnnxNode[];
  readonly constants: Map<string, OnnxTensor>;
}

export interface OnnxOptions {
  /** onnxruntime's own operator for attention. On WebGPU (SwiftShader, 257 tokens) it is 16 % off, so there it is spelled out. */
  readonly attentionOperator: boolean;
}

/** The workload as an ONNX file, in the operators that onnxruntime has its own kernels for. */
export function onnxOf({ graph, parameters }: Workload, options: OnnxOptions): Uint8Array<ArrayBuffer> {
  const draft: Draft = { nodes: [], constants: new Map() };
  const kernels = denseKernels(graph);
  const outputs = interpret<string>(graph, {
    rules: onnxRules(draft, options),
    kernels,
    source(kind, name) {
      if (kind === "inputs") return name;
      const { shape } = graph.values[graph.parameters[name]!]!;
      const data = parameters[name]!;
      const stored = kernels.has(name) ? transposed(data, shape) : data;
      draft.constants.set(name, { shape: kernels.has(name) ? [...shape].reverse() : shape, data: stored });
      return name;
    },
    constant(id) {
      throw new Error(`ONNX: constant ${id} in a graph for inference`);
    },
  });
  for (const [name, value] of Object.entries(outputs))
    draft.nodes.push({ op: "Identity", inputs: [value], output: name });
  return onnxFile({ ...draft, inputs: specsOf(graph, graph.inputs), outputs: specsOf(graph, graph.outputs) });
}

function specsOf(graph: Graph, table: Readonly<Record<string, number>>): Record<string, TensorSpec> {
  return Object.fromEntries(Object.entries(table).map(([name, id]) => [name, graph.values[id]!]));
}

const MICROSOFT = "com.microsoft";

function onnxRules({ nodes, constants }: Draft, { attentionOperator }: OnnxOptions): Rules<string> {
  const add = (op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, domain = "") => {
    const output = `v${nodes.length}`;
    nodes.push({ op, inputs, output, attributes, domain });
    return output;
  };
  const ints = (values: readonly number[]) => {
    const name = `ints.${values.join(".")}`;
    constants.set(name, { shape: [values.length], data: BigInt64Array.from(values.map(BigInt)) });
    return name;
  };
  const scalar = (value: number) => {
    const name = `scalar.${value}`;
    constants.set(name, { shape: [], data: Float32Array.of(value) });
    return name;
  };
  const reshape = (x: string, shape: readonly number[]) => add("Reshape", [x, ints(shape)]);
  const slice = (x: string, axis: number, [from, to]: readonly [number, number]) =>
    add("Slice", [x, ints([from]), ints([to]), ints([axis])]);
  const part = (x: string, offset: number, { attrs, specs }: Call<string>, operand: string) => {
    const size = attrs.heads * attrs.headDim;
    return specs[operand]!.shape[2] === size ? x : slice(x, 2, [offset, offset + size]);
  };
  const norm = (x: string, { inputs, attrs }: Call<string>) =>
    add("LayerNormalization", [x, inputs.weight!, inputs.bias!], { axis: -1, epsilon: { float: attrs.eps } });
  const activation = {
    none: (x: string) => x,
    gelu: (x: string) => add("Gelu", [x]),
    tanh: (x: string) => add("Tanh", [x]),
    relu: (x: string) => add("Relu", [x]),
  };

  return {
    linear({ inputs, attrs, swapped }) {
      const weight = swapped.has("weight") ? inputs.weight! : add("Transpose", [inputs.weight!], { perm: [1, 0] });
      const product = add("MatMul", [inputs.x!, weight]);
      const y = activation[attrs.activation](inputs.bias ? add("Add", [product, inputs.bias]) : product);
      return inputs.residual ? add("Add", [y, inputs.residual]) : y;
    },
    layerNorm(call) {
      const { x, residual } = call.inputs;
      return norm(residual ? add("Add", [x!, residual]) : x!, call);
    },
    attention(call) {
      const { inputs, specs, attrs } = call;
      const operands = [
        part(inputs.query!, attrs.queryOffset, call, "query"),
        part(inputs.key!, attrs.keyOffset, call, "key"),
        part(inputs.value!, attrs.valueOffset, call, "value"),
      ];
      const { heads, headDim, maskValue } = attrs;
      const [batch, length] = specs.query!.shape as readonly [number, number];
      const keys = specs.key!.shape[1]!;
      const hidden = inputs.mask && add("Mul", [add("Sub", [scalar(1), inputs.mask]), scalar(maskValue)]);
      const bias = hidden && reshape(hidden, [batch, 1, 1, keys]);
      if (attentionOperator) {
        const attributes = { num_heads: heads, scale: { float: attrs.scale } };
        const whole = bias && add("Expand", [bias, ints([batch, heads, length, keys])]);
        return add("MultiHeadAttention", whole ? [...operands, "", "", whole] : operands, attributes, MICROSOFT);
      }
      const split = (x: string, tokens: number, perm: readonly number[]) =>
        add("Transpose", [reshape(x, [batch, tokens, heads, headDim])], { perm });
      const query = add("Mul", [split(operands[0]!, length, [0, 2, 1, 3]), scalar(attrs.scale)]);
      const products = add("MatMul", [query, split(operands[1]!, keys, [0, 2, 3, 1])]);
      const weights = add("Softmax", [bias ? add("Add", [products, bias]) : products], { axis: -1 });
      const context = add("MatMul", [weights, split(operands[2]!, keys, [0, 2, 1, 3])]);
      return reshape(add("Transpose", [context], { perm: [0, 2, 1, 3] }), [batch, length, heads * headDim]);
    },
    patchEmbedding({ inputs, output, attrs: { patchSize } }) {
      const [batch, tokens, width] = output.shape as readonly [number, number, number];
      const sides = [patchSize, patchSize];
      const grid = add("Conv", [inputs.image!, inputs.weight!, inputs.bias!], { kernel_shape: sides, strides: sides });
      const patches = add("Transpose", [reshape(grid, [batch, width, tokens - 1])], { perm: [0, 2, 1] });
      const cls = add("Expand", [inputs.clsToken!, ints([batch, 1, width])]);
      return add("Add", [add("Concat", [cls, patches], { axis: 1 }), inputs.position!]);
    },
    embeddingLayerNorm(call) {
      const { inputs, specs } = call;
      const words = add("Gather", [inputs.word!, inputs.inputIds!], { axis: 0 });
      const places = slice(inputs.position!, 0, [0, specs.inputIds!.shape[1]!]);
      return norm(add("Add", [add("Add", [words, places]), slice(inputs.tokenType!, 0, [0, 1])]), call);
    },
    l2Normalize: ({ inputs }) => add("LpNormalization", [inputs.x!], { axis: -1, p: 2 }),
    slice({ inputs, attrs: { begin, size } }) {
      const ends = begin.map((from, axis) => from + size[axis]!);
      return add("Slice", [inputs.x!, ints(begin), ints(ends), ints(begin.map((_, axis) => axis))]);
    },
    reshape: ({ inputs, output }) => reshape(inputs.x!, output.shape),
  };
}
