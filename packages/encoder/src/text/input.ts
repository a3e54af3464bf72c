export { preCaption, preQuestion } from "./captions.ts";
export {
  type EncodedText,
  type EncodeOptions,
  loadTokenizer,
  type SpecialTokens,
  type Tokenizer,
} from "./tokenizer.ts";
export { tokenizerFromVocab } from "./vocabulary.ts";
