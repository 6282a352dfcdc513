"""Our tags in XMP beside a photo: regions of faces and keywords, merged into what is there, and found again.

Each of our regions has the id of its face. `facetag:Keywords` says which keywords are ours, by a digest of
each that is salted with a face's id, and so without a name: others stay.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.xmp.packet import (
    AREA,
    ARRAYS,
    DC,
    DESCRIPTION,
    DIMENSIONS,
    LI,
    MWG,
    RDF,
    Element,
    XmpRefused,
    descriptions,
    fields,
    items,
    parsed,
    text,
)  # fmt: skip
from tagbot.photos.xmp.regions import mwg_area, placed, turned

OURS_URI = "urn:x-facetag:xmp/1.0/"
OURS = f"{{{OURS_URI}}}"

REGIONS, LIST, SUBJECT = f"{MWG}Regions", f"{MWG}RegionList", f"{DC}subject"
FACE, KEYWORDS = f"{OURS}Face", f"{OURS}Keywords"

PREFIXES = {
    "rdf": RDF, "dc": DC, "mwg-rs": MWG, "stDim": DIMENSIONS, "stArea": AREA, "facetag": OURS,
}  # fmt: skip
NAMES = {prefix: namespace.strip("{}") for prefix, namespace in PREFIXES.items()}

EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    b'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"/>'
    b'</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)
"""`facetag` is declared where something of ours stands, so that nothing is left of it where nothing does."""

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

UPRIGHT_TO_STORED = {6: 8, 8: 6}
"""Of each orientation the one that turns back; the others are their own."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged face, in pixels of the upright picture."""

    face_id: str
    name: str
    """Empty where it is not known yet."""
    rectangle: Rectangle


def merged(existing: bytes | None, tags: Sequence[Tag], upright: Size, orientation: int) -> bytes | None:
    """XMP with just these tags of ours, and all else that is in it; None where nothing has to change.

    Raises `XmpRefused` for XMP that nothing can be merged into.
    """
    root = parsed(EMPTY if existing is None else existing)
    before = _meaning(root)
    if next(root.iter(f"{RDF}RDF"), None) is None:
        raise XmpRefused("it holds no RDF")
    _merge_keywords(root, tags)
    _merge_regions(root, tags, upright, orientation)
    if _meaning(root) == before:
        return None
    declared = (existing or b"").lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml")
    return bytes(etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=declared))


def has_ours(existing: bytes) -> bool:
    """Whether there may be tags of ours, as far as can be told without reading it."""
    return any(OURS_URI.encode(encoding) in existing for encoding in ENCODINGS)


def _meaning(root: Element) -> bytes:
    return bytes(etree.tostring(root, method="c14n"))


def _merge_keywords(root: Element, tags: Sequence[Tag]) -> None:
    marks = [text(item) for node in _properties(root, KEYWORDS) for item in items(node)]
    keywords = [item for node in _properties(root, SUBJECT) for item in items(node)]
    wanted = {name: tag.face_id for tag in reversed(tags) if (name := NOT_IN_XML.sub("", tag.name))}
    kept = []
    for item in keywords:
        mark = next((each for each in marks if each == _mark(each.partition(" ")[0], text(item))), None)
        if mark is None:
            wanted.pop(text(item), None)  # another's keyword says it already
        elif wanted.pop(text(item), None) is None:
            _drop(item)
        else:
            kept.append(mark)
    for name, face_id in sorted(wanted.items()):
        etree.SubElement(_array(_property(root, SUBJECT)), LI).text = name
        kept.append(_mark(face_id, name))
    if kept != marks:
        for node in _properties(root, KEYWORDS):
            _drop(node)
        for mark in kept:
            etree.SubElement(_array(_property(root, KEYWORDS)), LI).text = mark


def _mark(face_id: str, name: str) -> str:
    return f"{face_id} {hashlib.sha256(f'{face_id}:{name}'.encode()).hexdigest()[:32]}"


def _merge_regions(root: Element, tags: Sequence[Tag], upright: Size, orientation: int) -> None:
    ours: dict[str, Element] = {}
    others: list[tuple[str, Rectangle]] = []
    stored = upright if orientation <= 4 else Size(upright.height, upright.width)
    for item in _region_items(root):
        told = fields(item)
        if FACE in told:
            ours[text(told[FACE])] = item
        elif (area := mwg_area(told, *stored)) is not None and (place := placed(area, upright, orientation)):
            others.append((area.name, place))
    for tag in tags:
        written = _written(tag, upright, orientation)
        old = ours.pop(tag.face_id, None)
        if old is not None and _told(old) == _told(written):
            continue
        if old is not None:
            written.tail = old.tail
            _parent(old).replace(old, written)
        elif not any(name == tag.name and _is_same(place, tag.rectangle) for name, place in others):
            regions = _property(root, REGIONS)
            _say_size(regions, stored)
            _array(_field(regions, LIST)).append(written)
    for item in ours.values():
        _drop(item)


def _written(tag: Tag, upright: Size, orientation: int) -> Element:
    """A region with the mark of ours."""
    face, back = tag.rectangle, UPRIGHT_TO_STORED.get(orientation, orientation)
    corners = (face.left, face.top), (face.right, face.bottom)
    (x, y), (right, bottom) = (turned(x / upright.width, y / upright.height, back) for x, y in corners)
    item = etree.Element(LI, {f"{RDF}parseType": "Resource"}, nsmap=NAMES)
    area = {"x": (x + right) / 2, "y": (y + bottom) / 2, "w": abs(right - x), "h": abs(bottom - y)}
    etree.SubElement(
        item,
        f"{MWG}Area",
        {f"{AREA}{name}": f"{share:.9f}" for name, share in area.items()} | {f"{AREA}unit": "normalized"},
    )
    if name := NOT_IN_XML.sub("", tag.name):
        etree.SubElement(item, f"{MWG}Name").text = name
    etree.SubElement(item, f"{MWG}Type").text = "Face"
    etree.SubElement(item, FACE).text = tag.face_id
    return item


def _told(item: Element) -> tuple[str, ...]:
    told = fields(item)
    area = fields(told.get(f"{MWG}Area"))
    numbers = (text(area.get(f"{AREA}{name}")) for name in ("x", "y", "w", "h", "unit"))
    return (*numbers, text(told.get(f"{MWG}Name")), text(told.get(f"{MWG}Type")))


def _is_same(one: Rectangle, other: Rectangle) -> bool:
    common = one.overlap(other)
    return 2 * common >= one.area + other.area - common


def _region_items(root: Element) -> Iterator[Element]:
    for regions in _properties(root, REGIONS):
        yield from items(fields(regions).get(LIST))


def _say_size(regions: Element, stored: Size) -> None:
    if f"{MWG}AppliedToDimensions" not in fields(regions):
        told = {"w": str(stored.width), "h": str(stored.height), "unit": "pixel"}
        node = _field(regions, f"{MWG}AppliedToDimensions")
        node.attrib.update({f"{DIMENSIONS}{name}": value for name, value in told.items()})


def _properties(root: Element, name: str) -> list[Element]:
    return [node for each in descriptions(root) for node in each.iterchildren(name)]


def _property(root: Element, name: str) -> Element:
    """The first of that name, made where there is none."""
    found = _properties(root, name)
    if found:
        return found[0]
    description = next(descriptions(root), None)
    if description is None:
        description = etree.SubElement(next(root.iter(f"{RDF}RDF")), DESCRIPTION, {f"{RDF}about": ""})
    return _made(description, name)


def _field(node: Element, name: str) -> Element:
    """Of a structure, made where there is none."""
    inside = next(node.iterchildren(DESCRIPTION), None)
    if inside is None and not len(node):
        if node.attrib.get(f"{RDF}parseType") is None and node.attrib:
            inside = etree.SubElement(node, DESCRIPTION)
            inside.attrib.update(node.attrib)
            node.attrib.clear()
        else:
            node.set(f"{RDF}parseType", "Resource")
    holder = node if inside is None else inside
    found = next(holder.iterchildren(name), None)
    return _made(holder, name) if found is None else found


def _made(parent: Element, name: str) -> Element:
    prefix = next(prefix for prefix, namespace in PREFIXES.items() if name.startswith(namespace))
    return etree.SubElement(parent, name, nsmap={prefix: NAMES[prefix]})


def _array(node: Element) -> Element:
    """The array in a property; a value that stands there by itself becomes its first item."""
    found = next(node.iterchildren(*ARRAYS), None)
    if found is None:
        alone, node.text = (node.text or "").strip(), None
        found = etree.SubElement(node, ARRAYS[0])
        if alone:
            etree.SubElement(found, LI).text = alone
    return found


def _parent(node: Element) -> Element:
    parent = node.getparent()
    if parent is None:
        raise XmpRefused("it holds no RDF")
    return parent


def _drop(node: Element) -> None:
    """Remove what is ours, and what then is empty around it, up to the property."""
    while node.tag != DESCRIPTION:
        parent = _parent(node)
        parent.remove(node)
        rest = {each.tag for each in parent.iterchildren(tag=etree.Element)}
        if rest - {f"{MWG}AppliedToDimensions"}:  # the size of a picture without regions says nothing
            return
        node = parent
