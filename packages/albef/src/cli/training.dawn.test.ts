import { test } from "vitest";
import { watchedConsole } from "../testing/console.ts";
import { expectSameAfterKill, trainingPlace } from "../testing/training-calls.ts";

const watched = watchedConsole();

test("pre-training on WebGPU that is killed and resumed ends as one that was not, bit for bit", async () => {
  using place = await trainingPlace("webgpu");
  const more = ["--losses", "itc"]; // the fewest kernels: three processes compile them
  await expectSameAfterKill(place, watched, { epochs: 20, more });
}, 300_000);
