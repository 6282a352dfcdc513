"""XMP, by ISO 16684-1: RDF of a stranger, parsed within limits. The door to lxml.

A property has one value and many ways to be written: as an attribute or an element, with the fields of a
structure inside it, in a description inside it, or as its attributes.
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tagbot.photos.metadata import MAX_XMP

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XML = "{http://www.w3.org/XML/1998/namespace}"
DC = "{http://purl.org/dc/elements/1.1/}"
MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
DIMENSIONS = "{http://ns.adobe.com/xap/1.0/sType/Dimensions#}"
AREA = "{http://ns.adobe.com/xmp/sType/Area#}"

DESCRIPTION, LI, VALUE = f"{RDF}Description", f"{RDF}li", f"{RDF}value"
ARRAYS = (f"{RDF}Bag", f"{RDF}Seq", f"{RDF}Alt")

IS_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|<\0|\0<\0")
"""How UTF-16 and UTF-32 begin, of which zeros are a part."""

PADDING = b"\0 \t\r\n"

Element = etree._Element  # noqa: SLF001 - lxml has no other name for it
Value = Element | str
Fields = Mapping[str, Value]


class XmpRefused(Exception):  # noqa: N818 - it names the outcome
    """The bytes are no XMP that is taken; the text says why, and nothing that stood in them."""


def parsed(data: bytes) -> Element:
    """The root. Raises `XmpRefused`."""
    if len(data) > MAX_XMP:
        raise XmpRefused(f"it is over the limit of {MAX_XMP // 1_000_000} MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(data if IS_WIDE.match(data) else data.strip(PADDING), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise XmpRefused("it is broken") from None
    # XMP has no use for it, and what is defined there may grow without end.
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmpRefused("it has a document type, which XMP must not have")
    return root


def descriptions(root: Element) -> Iterator[Element]:
    """Those at the top, which hold the properties of the picture."""
    for rdf in root.iter(f"{RDF}RDF"):
        yield from rdf.iterchildren(DESCRIPTION)


def fields(node: Value | None) -> dict[str, Value]:
    """Of a structure, by their names with their namespaces; none of anything else."""
    found: dict[str, Value] = {}
    if node is None or isinstance(node, str):
        return found
    for each in (node, *node.iterchildren(DESCRIPTION)):
        for name, value in each.attrib.items():
            if not str(name).startswith((RDF, XML)):
                found[str(name)] = str(value)
        for child in each.iterchildren(tag=etree.Element):
            if child.tag != DESCRIPTION:
                found[child.tag] = child
    return found


def items(node: Value | None) -> Iterator[Element]:
    """Of an array, and of arrays in it."""
    if node is None or isinstance(node, str):
        return
    for array in node.iterchildren(*ARRAYS):
        for item in array.iterchildren(LI):
            if next(item.iterchildren(*ARRAYS), None) is None:
                yield item
            else:
                yield from items(item)


def text(node: Value | None) -> str:
    """Of a value, also of one with qualifiers, or of the first of several."""
    if node is None or isinstance(node, str):
        return (node or "").strip()
    for inner in (VALUE, *ARRAYS):
        if (found := next(node.iter(inner), None)) is not None and found is not node:
            return text(found)
    if node.tag in ARRAYS:
        return text(next(node.iterchildren(LI), None))
    return (
        "".join(str(each) for each in node.itertext(tag=etree.Element)).strip()
        or str(node.get(VALUE, "")).strip()
    )
