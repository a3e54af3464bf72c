import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import type { Graph } from "../graph/graph.ts";
import { primitives as p } from "../graph/primitives.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Tracer, trace } from "../graph/trace.ts";
import { dropout } from "../ops/dropout.ts";
import { opTable } from "../ops/index.ts";
import { layerNorm } from "../ops/layernorm.ts";
import { linear } from "../ops/linear.ts";
import { eliminateCommonSubexpressions } from "../passes/cse.ts";
import { eliminateDeadCode } from "../passes/dce.ts";
import { opOf } from "../passes/rewrite.ts";
import { planArenas } from "../plan/arenas.ts";
import { planStorage } from "../plan/storage.ts";
import { elementCount, sizeBytes } from "../spec.ts";
import { testRandom } from "../testing/index.ts";
import { checkpoint } from "./checkpoint.ts";
import { valueAndGrad } from "./grad.ts";

const [ROWS, WIDTH, LAYERS] = [6, 8, 8];
type Wrap = (block: (x: Tensor) => Tensor) => (x: Tensor) => Tensor;

/** An MLP with dropout: each layer is a block. */
function network(wrap: Wrap, outer: Wrap = (block) => block): Graph {
  return trace((tracer) => {
    const x = tracer.input("x", { dtype: "f32", shape: [ROWS, WIDTH] });
    const layers = Array.from({ length: LAYERS }, (_, i) => layerOf(tracer, i));
    const weights = Object.fromEntries(layers.flatMap(({ weights: own }) => Object.entries(own)));
    const all = outer((first) => layers.reduce((y, layer) => wrap(layer.forward)(y), first));
    const { value, grads } = valueAndGrad((_: Readonly<Record<string, Tensor>>) =>
      p.reshape(p.sum(p.tanh(all(x)), [0, 1]), []),
    )({ ...weights, x });
    return { value, ...Object.fromEntries(Object.entries(grads).map(([name, grad]) => [`d ${name}`, grad])) };
  });
}

function layerOf(tracer: Tracer, i: number) {
  const parameter = (name: string, ...shape: number[]) => tracer.parameter(`${name}${i}`, { dtype: "f32", shape });
  const seed = tracer.input("seed", { dtype: "u32", shape: [] });
  const [up, down, weight, bias] = [
    parameter("up", 4 * WIDTH, WIDTH),
    parameter("down", WIDTH, 4 * WIDTH),
    parameter("weight", WIDTH),
    parameter("bias", WIDTH),
  ] as const;
  const forward = (x: Tensor) => {
    const wide = dropout(linear(x, up, { activation: "gelu" }), { rate: 0.25, seed, stream: i });
    return layerNorm(linear(wide, down), weight, bias, { eps: 1e-6, residual: x });
  };
  return { weights: { [`up${i}`]: up, [`down${i}`]: down, [`weight${i}`]: weight, [`bias${i}`]: bias }, forward };
}

function resultsOf(graph: Graph) {
  const random = testRandom(4);
  const draw = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(ids).map(([name, id]) => {
        const count = elementCount(graph.values[id]!.shape);
        return [name, name === "seed" ? Uint32Array.of(9) : Float64Array.from({ length: count }, () => random() - 0.3)];
      }),
    );
  return evaluateF64(graph, { inputs: draw(graph.inputs), parameters: draw(graph.parameters) });
}

/** The least bytes that the planner can place intermediates in. */
function peakBytes(traced: Graph): number {
  const graph = eliminateDeadCode(eliminateCommonSubexpressions(traced, opTable), opTable);
  const { roots } = planStorage(graph, opTable);
  const rootOf = (id: number) => roots.get(id)!;
  const outputs = new Set(Object.values(graph.outputs).map(rootOf));
  const steps = graph.nodes
    .filter((node) => !opOf(opTable, node).view)
    .map((node) => ({
      reads: Object.values(node.inputs).flatMap((id) => roots.get(id) ?? []),
      writes: node.outputs.map(rootOf),
    }));
  const plan = planArenas(steps, (root) => (outputs.has(root) ? undefined : sizeBytes(graph.values[root]!)), {
    alignment: 4,
  });
  return plan.lowerBoundBytes;
}

const plain: Wrap = (block) => block;

test("gradients are those of the plain network, and fewer bytes are alive at once", () => {
  const [kept, again] = [network(plain), network(checkpoint)];
  expect(resultsOf(again)).toEqual(resultsOf(kept));
  expect(peakBytes(again)).toBeLessThan(0.6 * peakBytes(kept));
});

test("a checkpoint inside a checkpoint changes nothing", () => {
  expect(resultsOf(network(checkpoint, checkpoint))).toEqual(resultsOf(network(plain)));
});

test("a block without inputs is named", () => {
  expect(() => checkpoint(() => 0)()).toThrow("checkpoint: the block needs at least one tensor as input");
});
