"""The vocabulary (a subset of bert-base-uncased in its order) and WordPiece for cleaned captions."""

import json
import string

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
MAX_TOKENS = 30  # as the official evaluation


def pieces(word, vocabulary):
    """Greedy longest-match WordPiece of one lower-case word; [UNK] if some part has no piece."""
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                break
        else:
            return ["[UNK]"]
        found.append(piece)
        start = end
    return found


def reduce_vocabulary(full, texts):
    """Tokens that the texts use, every letter, digit and sign, in the order of the full vocabulary."""
    order = {token: i for i, token in enumerate(full)}
    signs = set(string.ascii_lowercase + string.digits + string.punctuation)
    used = signs | {"##" + sign for sign in string.ascii_lowercase + string.digits}
    for word in {word for text in texts for word in text.split()}:
        used.update(pieces(word, order))
    return SPECIAL + sorted((used & order.keys()) - set(SPECIAL), key=order.get)


class Tokenizer:
    """Owns the piece cache. encode(text) -> ids with [CLS] and no [SEP], as the official tokenizer does."""

    def __init__(self, tokens):
        self.tokens, self.ids, self.cache = tokens, {t: i for i, t in enumerate(tokens)}, {}

    def encode(self, text):
        ids = [CLS]
        for word in text.split():
            if word not in self.cache:
                self.cache[word] = [self.ids[p] for p in pieces(word, self.ids)]
            ids += self.cache[word]
        return ids[:MAX_TOKENS]

    def batch(self, texts):
        """-> ids and mask as lists of equal rows, padded to the longest."""
        rows = [self.encode(text) for text in texts]
        longest = max(map(len, rows))
        ids = [row + [PAD] * (longest - len(row)) for row in rows]
        return ids, [[1] * len(row) + [0] * (longest - len(row)) for row in rows]

    def to_json(self):
        """tokenizer.json of the Hugging Face tokenizers: BertNormalizer, BertPreTokenizer, WordPiece, [CLS] in front."""
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        added = [{"id": i, "content": token, **flags} for i, token in enumerate(SPECIAL)]
        normal = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
        normal |= {"strip_accents": None, "lowercase": True}
        cls = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
        sequence = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
        template = {
            "type": "TemplateProcessing",
            "single": [cls, sequence("A", 0)],
            "pair": [cls, sequence("A", 0), sequence("B", 1)],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [CLS], "tokens": ["[CLS]"]}},
        }
        model = {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": self.ids,
        }
        parts = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normal}
        parts |= {"pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": template}
        return json.dumps(parts | {"decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}, "model": model})
