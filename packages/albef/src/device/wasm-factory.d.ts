declare module "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js" {
  const factory: (settings?: object) => Promise<object>;
  export default factory;
}
