"""What a request may look like: botocore's description of Rekognition, held to the letter.

botocore's client checks types, required members and minima only, and lets patterns, maxima and enumerations
pass; the service does not. Its findings are worded as people quote them: “1 validation error detected: Value
'java.nio.HeapByteBuffer[…]' at 'image.bytes' failed to satisfy constraint: Member must have length less than
or equal to 5242880”.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from tests.rekognition.errors import RekognitionError

Json: TypeAlias = dict[str, Any]

KINDS: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
    "timestamp": (int, float),
}
"""The JSON values of each type of shape; a blob is read before it is looked at."""


@cache
def service_model() -> ServiceModel:
    """Rekognition as botocore describes it."""
    return ServiceModel(Loader().load_service_model("rekognition", "service-2"), "rekognition")


def read_request(operation: str, body: bytes) -> Json:
    """The request of an operation, its pictures as bytes, if it is one that the service takes."""
    shape = service_model().operation_model(operation).input_shape
    assert shape  # every operation of Rekognition takes something
    request = read(shape, parsed(body))
    findings = list(violations(shape, request, ""))
    if findings:
        errors = "error" if len(findings) == 1 else "errors"
        raise RekognitionError(
            "ValidationException", f"{len(findings)} validation {errors} detected: {'; '.join(findings)}"
        )
    return dict(request)


def parsed(body: bytes) -> Any:
    """The JSON of a body."""
    try:
        return json.loads(body)
    except ValueError:
        raise RekognitionError("SerializationException") from None


def read(shape: Shape, value: Any) -> Any:
    """A value with its blobs as bytes; what is of another type than its shape is refused."""
    if shape.type_name == "blob":
        return blob(value)
    if not fits(value, KINDS[shape.type_name]):
        raise RekognitionError("SerializationException", f"{value!r} can not be converted to {shape.name}")
    if isinstance(shape, StructureShape):
        return structure(shape, value)
    if isinstance(shape, ListShape):
        return [read(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {read(shape.key, key): read(shape.value, item) for key, item in value.items()}
    return value


def fits(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a value is of one of these types; Python's truth values are numbers, JSON's are not."""
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def blob(value: Any) -> bytes:
    """The bytes that base64 stands for."""
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error):
        raise RekognitionError("SerializationException", "Blob is not in base64") from None


def structure(shape: StructureShape, value: Json) -> Json:
    """A structure's members. JSON's null is as good as nothing, as everywhere at AWS.

    AWS passes over members that it does not know; here they are refused, as they can only be a mistake.
    """
    if unknown := value.keys() - shape.members.keys():
        raise RekognitionError("SerializationException", f"{shape.name} has no member {sorted(unknown)}")
    return {name: read(shape.members[name], item) for name, item in value.items() if item is not None}


def violations(shape: Shape, value: Any, at: str) -> Iterator[str]:
    """The findings about a value and all that is in it."""
    for constraint, holds in constraints(shape):
        if not holds(value):
            yield f"Value {quoted(value)} at '{at}' failed to satisfy constraint: Member must {constraint}"
    if isinstance(shape, StructureShape):
        yield from violations_of_members(shape, value, at)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{at}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from violations(shape.key, key, f"{at}.{key}.key")
            yield from violations(shape.value, item, f"{at}.{key}.value")


def violations_of_members(shape: StructureShape, value: Json, at: str) -> Iterator[str]:
    """The findings about a structure's members, and about those that it lacks."""
    for name, member in shape.members.items():
        place = f"{at}.{uncapitalised(name)}".lstrip(".")
        if name in value:
            yield from violations(member, value[name], place)
        elif name in shape.required_members:
            yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def constraints(shape: Shape) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """What a shape demands of a value: in Amazon's words, and as a test."""
    numeric = shape.type_name in ("integer", "long", "float", "double")
    measure: Callable[[Any], float] = float if numeric else len
    what = "value" if numeric else "length"
    rules = shape.metadata
    if "max" in rules:
        most = rules["max"]
        yield f"have {what} less than or equal to {most}", lambda value: measure(value) <= most
    if "min" in rules:
        least = rules["min"]
        yield f"have {what} greater than or equal to {least}", lambda value: measure(value) >= least
    if "pattern" in rules:
        pattern = re.compile(rules["pattern"])
        yield (
            f"satisfy regular expression pattern: {pattern.pattern}",
            lambda value: pattern.fullmatch(value) is not None,
        )
    if "enum" in rules:
        words = rules["enum"]
        yield f"satisfy enum value set: [{', '.join(words)}]", lambda value: value in words


def quoted(value: Any) -> str:
    """A value as it appears in a finding; bytes as the service's own language prints them."""
    if isinstance(value, bytes):
        return f"'java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]'"
    if isinstance(value, list):
        return f"'[{', '.join(map(str, value))}]'"
    return f"'{value}'"


def uncapitalised(name: str) -> str:
    """A member's name as it appears in a finding."""
    return name[:1].lower() + name[1:]
