import { type Executor, ShapeError, similarity, trace } from "@albef/core";
import type { Features, ScoreMatrix } from "../types.ts";

/** Cosine similarities of unit vectors a [m, width] and b [n, width] -> [m, n], on the device. Throws ShapeError. */
export async function similarityOf(executor: Executor, a: Features, b: Features): Promise<ScoreMatrix> {
  for (const [name, { data, rows, width }] of Object.entries({ a, b })) {
    if (data.length !== rows * width) {
      throw new ShapeError(`similarity: ${name} says ${rows} x ${width}, but has ${data.length} values`);
    }
  }
  if (a.width !== b.width) throw new ShapeError(`similarity: a is ${a.width} wide, b ${b.width}`);
  if (a.rows === 0 || b.rows === 0) return { data: new Float32Array(0), rows: a.rows, columns: b.rows };
  const graph = trace((tracer) => {
    const left = tracer.input("a", { dtype: "f32", shape: [a.rows, a.width] });
    const right = tracer.input("b", { dtype: "f32", shape: [b.rows, b.width] });
    return { scores: similarity(left, right) };
  });
  const program = await executor.compile(graph);
  try {
    const { scores } = await program.run({ a: a.data, b: b.data });
    return { data: scores as Float32Array, rows: a.rows, columns: b.rows };
  } finally {
    program.dispose(); // `using` would bring its helper into every page
  }
}
