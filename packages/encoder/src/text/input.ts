export { preCaption, preQuestion } from "./captions.ts";
export {
  type EncodedText,
  type EncodeOptions,
  loadTokenizer,
  type SpecialTokens,
  type Tokenizer,
  tokenizerFromVocab,
} from "./tokenizer.ts";
