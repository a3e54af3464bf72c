"""Read and write safetensors with numpy arrays (float32, float16, int32, int64)."""

import json
import os
import struct
from pathlib import Path

import numpy as np

NAMES = {"float32": "F32", "float16": "F16", "int32": "I32", "int64": "I64"}
TYPES = {code: np.dtype(name).newbyteorder("<") for name, code in NAMES.items()}


def write(path, tensors):
    """Write {name: array} in the order of the names, aligned to 8 bytes; the file appears complete or not at all."""
    header, at, parts = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name]).reshape(tensors[name].shape)
        data = array.astype(TYPES[NAMES[array.dtype.name]]).tobytes()
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = Path(str(path) + ".part")
    partial.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    os.replace(partial, path)


def read(path):
    """{name: array} of a safetensors file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], TYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }
