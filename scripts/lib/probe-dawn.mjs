import { create } from "webgpu";

// Prints the adapter Dawn would use here as one line of JSON; exits 1 where there is none.
const adapter = await create([]).requestAdapter();
if (!adapter) process.exit(1);
const { vendor, architecture, description } = adapter.info;
const name = [vendor, architecture, description].filter(Boolean).join(" ");
console.log(JSON.stringify({ name, f16: adapter.features.has("shader-f16") }));
process.exit(0);
