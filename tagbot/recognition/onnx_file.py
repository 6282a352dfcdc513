"""ONNX files, changed as bytes: they are protocol buffers, whose own library is 30 MB more to install."""

from collections.abc import Iterator

GRAPH = 7
"""Of the model: the field with the network."""

INPUT, OUTPUT = 11, 12
"""Of the network: the fields that say what goes in and what comes out. Each begins with its name."""

FREE_SIDES = b"\x12\x18\n\x16\x08\x01\x12\x12\n\x02\x08\x01\n\x02\x08\x03\n\x03\x12\x01H\n\x03\x12\x01W"
"""A type: floats in the dimensions 1 × 3 × any height × any width."""

FLOATS = b"\x12\x04\n\x02\x08\x01"
"""A type: floats in whatever dimensions."""


def with_free_sides(model: bytes) -> bytes:
    """The same network, with a picture of any size as its one input.

    The file of CenterFace takes ten pictures of 32 × 32 pixels, and names its weights among its inputs, as if
    a call could bring others: only constants are arranged for the processor, which halves the time.
    """
    return b"".join(
        _field(GRAPH, _with_one_input(content)) if number == GRAPH else whole
        for number, whole, content in _fields(model)
    )


def _with_one_input(graph: bytes) -> bytes:
    fields = []
    inputs = 0
    for number, whole, content in _fields(graph):
        inputs += number == INPUT
        if number == OUTPUT:
            fields.append(_field(number, _first(content) + FLOATS))
        elif number != INPUT:
            fields.append(whole)
        elif inputs == 1:
            fields.append(_field(number, _first(content) + FREE_SIDES))
    return b"".join(fields)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Of each field its number, all its bytes, and its content where it is delimited by its length."""
    at = 0
    while at < len(message):
        start = at
        key, at = _number(message, at)
        content = b""
        match key & 7:
            case 2:
                length, at = _number(message, at)
                content = message[at : at + length]
                at += length
            case 1:
                at += 8
            case 5:
                at += 4
            case _:
                _, at = _number(message, at)
        yield key >> 3, message[start:at], content


def _first(message: bytes) -> bytes:
    return next(whole for _, whole, _ in _fields(message))


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where the next one begins."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
