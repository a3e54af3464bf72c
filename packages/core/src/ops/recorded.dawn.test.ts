import { readFile } from "node:fs/promises";
import { afterAll, describe, test } from "vitest";
import { create, globals } from "webgpu";
import { gradients } from "../autodiff/backward.ts";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createWebGpuExecutor } from "../executors/webgpu/executor.ts";
import type { TensorData } from "../graph/graph.ts";
import { primitives as p } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { trace } from "../graph/trace.ts";
import { byteSource } from "../io/byte-source.ts";
import { openSafetensors } from "../io/safetensors.ts";
import { expectClose, type Tolerance } from "../testing/allclose.ts";
import { attention } from "./attention.ts";
import { attentionProbabilities } from "./attention-probabilities.ts";
import { gelu } from "./gelu.ts";
import { l2Normalize } from "./l2-normalize.ts";
import { layerNorm } from "./layernorm.ts";
import { linear } from "./linear.ts";
import { patchEmbedding } from "./patch-embedding.ts";

// Results of the official PyTorch functions: fixtures/README.md, case `ops`.
const folder = new URL("../../../../fixtures/ops/", import.meta.url);
const { expected } = JSON.parse(await readFile(new URL("case.json", folder), "utf8")) as {
  expected: Readonly<Record<string, Tolerance>>;
};
const recorded = await openSafetensors(byteSource(await readFile(new URL("tensors.safetensors", folder)), "ops"));

const gpu = create([]);
Object.assign(globalThis, globals, { gpu }); // kept: a device dies with the object that made it
const executor = await createWebGpuExecutor({ gpu });
afterAll(() => executor.dispose());

type Given = (name: string) => Tensor;
/** Outputs by their recorded name without `out.`. */
type Model = (given: Given) => Readonly<Record<string, Tensor>>;

function gradientsOf(y: Tensor, dy: Tensor, wrt: readonly Tensor[]): Tensor[] {
  return gradients(p.reshape(p.sum(p.mul(y, dy), [...y.shape.keys()]), []), wrt);
}

/** [batch, heads, tokens, headDim] <-> [batch, tokens, heads, headDim], merged and split. */
const merge = (x: Tensor) =>
  p.reshape(p.transpose(x, [0, 2, 1, 3]), [x.shape[0]!, x.shape[2]!, x.shape[1]! * x.shape[3]!]);
const split = (x: Tensor, heads: number) =>
  p.transpose(p.reshape(x, [x.shape[0]!, x.shape[1]!, heads, x.shape[2]! / heads]), [0, 2, 1, 3]);

const models: Readonly<Record<string, Model>> = {
  attention(given) {
    const [q, k, v] = [given("att.q"), given("att.k"), given("att.v")];
    const mask = p.cast(given("att.mask"), "f32");
    const context = attention(merge(q), merge(k), merge(v), { heads: 3, headDim: 8, scale: 1 / Math.sqrt(8), mask });
    const y = split(context, 3);
    const [dq, dk, dv] = gradientsOf(y, given("att.dy"), [q, k, v]) as [Tensor, Tensor, Tensor];
    return { "att.y": y, "att.dq": dq, "att.dk": dk, "att.dv": dv };
  },
  // Rows of scores are queries against unit vectors, so the product gives the scores back.
  "masked softmax": (given) => {
    const x = given("softmax.x");
    const query = p.reshape(x, [5, 1, 9]);
    const unit = p.equal(p.iota(x, [5, 9, 9], 1), p.iota(x, [5, 9, 9], 2));
    const mask = p.cast(given("softmax.mask"), "f32");
    const rows = (maskValue: number) =>
      p.reshape(attentionProbabilities(query, unit, { heads: 1, headDim: 9, scale: 1, mask, maskValue }), [5, 9]);
    const [self, cross] = [rows(-10000), rows(-1e9)];
    return {
      "softmax.self.rows0to2": p.slice(self, [0, 0], [3, 9]),
      "softmax.self.rows3to4": p.slice(self, [3, 0], [2, 9]),
      "softmax.cross.rows0to2": p.slice(cross, [0, 0], [3, 9]),
      "softmax.cross.rows3to4": p.slice(cross, [3, 0], [2, 9]),
    };
  },
  "l2 normalise": (given) => {
    const x = given("norm.x");
    const y = l2Normalize(x);
    const [dx] = gradientsOf(y, given("norm.dy"), [x]) as [Tensor];
    return { "norm.y": y, "norm.dx.rows0to2": p.slice(dx, [0, 0], [3, 12]) };
  },
  "patch embedding": (given) => {
    const [image, weight, bias] = [given("conv.x"), given("conv.weight"), given("conv.bias")];
    const zeros = (...shape: number[]) => p.fill(image, shape, 0);
    const tokens = patchEmbedding(image, weight, bias, zeros(1, 1, 5), zeros(1, 10, 5), { patchSize: 4 });
    const patches = p.slice(tokens, [0, 1, 0], [2, 9, 5]);
    const y = p.reshape(p.transpose(patches, [0, 2, 1]), [2, 5, 3, 3]);
    const [dx, dweight, dbias] = gradientsOf(y, given("conv.dy"), [image, weight, bias]) as [Tensor, Tensor, Tensor];
    return { "conv.y": y, "conv.dx": dx, "conv.dweight": dweight, "conv.dbias": dbias };
  },
  linear: (given) => {
    const [x, weight, bias] = [given("lin.x"), given("lin.weight"), given("lin.bias")];
    const y = linear(x, weight, { bias });
    const [dx, dweight, dbias] = gradientsOf(y, given("lin.dy"), [x, weight, bias]) as [Tensor, Tensor, Tensor];
    return { "lin.y": y, "lin.dx": dx, "lin.dweight": dweight, "lin.dbias": dbias };
  },
  gelu: (given) => {
    const x = given("gelu.x");
    const y = gelu(x);
    return { "gelu.y": y, "gelu.dx": gradientsOf(y, p.fill(y, y.shape, 1), [x])[0]! };
  },
  "layernorm, image eps": normalized(1e-6, "ln.eps1e-6"),
  "layernorm, text eps": normalized(1e-12, "ln.eps1e-12"),
};

/** Rows plain, scaled, of large mean and constant. The constant row has no recorded gradient. */
function normalized(eps: number, prefix: string): Model {
  return (given) => {
    const x = given("ln.x");
    const y = layerNorm(x, given("ln.weight"), given("ln.bias"), { eps });
    const [dx] = gradientsOf(y, given("ln.dy"), [x]) as [Tensor];
    const row = (t: Tensor, i: number) => p.reshape(p.slice(t, [i, 0], [1, 48]), [48]);
    const rows = Array.from({ length: 7 }, (_, i) => [
      [`${prefix}.y.row${i}`, row(y, i)] as const,
      [`${prefix}.dx.row${i}`, row(dx, i)] as const,
    ]);
    return Object.fromEntries(rows.flat().filter(([name]) => `out.${name}` in expected));
  };
}

describe.each(Object.entries(models))("%s equals PyTorch", (_title, model) => {
  const inputs: Record<string, TensorData> = {};
  const graph = trace((tracer) =>
    model((name) => {
      const { dtype, shape } = recorded.tensors.get(`in.${name}`)!;
      return tracer.input(name, { dtype: dtype === "I64" ? "i32" : "f32", shape });
    }),
  );
  const load = async () => {
    for (const name of Object.keys(graph.inputs)) inputs[name] = (await recorded.read(`in.${name}`)).data;
  };
  const compare = async (who: string, actual: Readonly<Record<string, ArrayLike<number>>>) => {
    for (const [name, data] of Object.entries(actual)) {
      const want = (await recorded.read(`out.${name}`)).data;
      expectClose(`${who} ${name}`, data, want, expected[`out.${name}`]!);
    }
  };

  test("definition in f64", async () => {
    await load();
    const exact = evaluateF64(graph, { inputs });
    await compare("f64", Object.fromEntries(Object.entries(exact).map(([name, value]) => [name, value.data])));
  });

  test("kernel on WebGPU", async () => {
    await load();
    using program = await executor.compile(graph);
    await compare("webgpu", (await program.run(inputs)) as Record<string, Float32Array>);
  });
});
