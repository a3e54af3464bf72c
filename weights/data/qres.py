"""Files of a Qt resource collection (.rcc), as Qt's rcc writes it."""

import struct
import zlib

DIRECTORY, COMPRESSED, ZSTANDARD = 2, 1, 4


def files(data):
    """(path, bytes) of each file of the collection that is not compressed by Zstandard."""
    _, version, tree, payload, names = struct.unpack_from(">4sIIII", data)
    entry = 22 if version > 1 else 14

    def name(offset):
        (length,) = struct.unpack_from(">H", data, names + offset)
        return data[names + offset + 6 :][: 2 * length].decode("utf-16-be")

    def walk(index, folder):
        at = tree + index * entry
        label, flags = struct.unpack_from(">IH", data, at)
        path = f"{folder}/{name(label)}" if index else ""
        if flags & DIRECTORY:
            count, first = struct.unpack_from(">II", data, at + 6)
            for child in range(first, first + count):
                yield from walk(child, path)
        elif not flags & ZSTANDARD:
            (offset,) = struct.unpack_from(">I", data, at + 10)
            (length,) = struct.unpack_from(">I", data, payload + offset)
            raw = data[payload + offset + 4 :][:length]
            yield path, zlib.decompress(raw[4:]) if flags & COMPRESSED else raw

    if data[:4] != b"qres":
        raise ValueError("no Qt resource collection: it begins with other bytes than 'qres'")
    yield from walk(0, "")
