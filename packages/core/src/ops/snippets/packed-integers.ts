export function integers(words: ArrayLike<number>, bits: 8 | 4): Int32Array {
  const perWord = 32 / bits;
  const values = new Int32Array(words.length * perWord);
  for (let i = 0; i < values.length; i++) {
    const left = 32 - bits * (1 + (i % perWord)); // bits above the integer
    values[i] = (words[Math.floor(i / perWord)]! << left) >> (32 - bits);
  }
  return values;
}
