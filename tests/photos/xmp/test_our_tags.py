"""Our tags are merged into whatever XMP there is: what is not ours survives, in meaning to the byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.xmp.our_tags import FACE, KEYWORDS, LIST, REGIONS, SUBJECT, Tag, _mark, has_ours, merged
from tagbot.photos.xmp.packet import ARRAYS, DESCRIPTION, LI, RDF, Element, fields, items, parsed, text
from tagbot.photos.xmp.regions import read_regions
from tests.photos.xmp.packets import NAMESPACES, mwg, region, xmp

SIZE = Size(640, 480)

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=8)
NAMES = st.sampled_from(["Ada", "Bob", "party", "Müller, J.", "a & <b>", " "])
PROPERTIES = st.sampled_from(["tiff:Make", "x:Rating", "y:History", "dc:title", "MP:RegionInfo"])


def escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def bag(inside: list[str], kind: str) -> str:
    return f"<rdf:{kind}>{''.join(f'<rdf:li>{each}</rdf:li>' for each in inside)}</rdf:{kind}>"


def structure(inside: list[tuple[str, str]]) -> str:
    return (
        f"<rdf:Description>{''.join(f'<{name}>{each}</{name}>' for name, each in inside)}</rdf:Description>"
    )


VALUES = st.recursive(
    WORDS.map(escaped) | st.just("<!-- a comment -->") | st.just("<![CDATA[<a>&]]>"),
    lambda inner: st.one_of(
        st.builds(bag, st.lists(inner, max_size=3), st.sampled_from(["Bag", "Seq", "Alt"])),
        st.builds(structure, st.lists(st.tuples(PROPERTIES, inner), max_size=3)),
    ),
    max_leaves=8,
)
FILLED = st.lists(st.tuples(PROPERTIES, VALUES), max_size=3)
KEYWORDS_THERE = st.lists(NAMES, max_size=3).map(
    lambda names: f"<dc:subject>{bag([escaped(name) for name in names], 'Bag')}</dc:subject>"
)
REGIONS_THERE = st.lists(
    st.builds(region, st.just((0.5, 0.5, 0.2, 0.2)) | st.just((0.2, 0.2, 0.1, 0.1)), NAMES.map(escaped),
              st.sampled_from(["Face", "Pet"])),
    max_size=3,
).map(lambda regions: mwg(*regions))  # fmt: skip


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """XMP of other programs, in one description or several."""
    told = "".join(
        f'<rdf:Description rdf:about="" x:Flag="{escaped(draw(WORDS))}">'
        + "".join(f"<{name}>{value}</{name}>" for name, value in draw(FILLED))
        + more
        + "</rdf:Description>"
        for more in draw(st.lists(KEYWORDS_THERE | REGIONS_THERE | st.just(""), max_size=3))
    )  # fmt: skip
    return f'<rdf:RDF {NAMESPACES} xmlns:x="urn:x:1/" xmlns:y="urn:y#">{told}</rdf:RDF>'.encode()


TAGS = st.lists(
    st.builds(
        Tag,
        st.uuids().map(str),
        NAMES.map(str.strip),
        st.tuples(st.integers(0, 300), st.integers(0, 200), st.integers(1, 300), st.integers(1, 200))
        .map(lambda sides: Rectangle(*sides)),
    ),
    max_size=4,
    unique_by=lambda tag: tag.face_id,
)  # fmt: skip


def meaning(node: Element, marks: set[str]) -> Any:
    """All that is not ours, however it is written; arrays without anything in them are nothing."""
    if node.tag == LI and (FACE in fields(node) or is_our_keyword(node, marks)):
        return None
    children = [
        found for each in node.iterchildren(etree.Element) if (found := meaning(each, marks)) is not None
    ]
    if node.tag == KEYWORDS or (not children and node.tag in (*ARRAYS, LIST, SUBJECT)):
        return None
    if node.tag == REGIONS and LIST not in [child[0] for child in children]:
        return None
    comments = [str(each.text) for each in node.iterchildren(etree.Comment)]
    return node.tag, (node.text or "").strip(), sorted(node.attrib.items()), children, comments


def is_our_keyword(node: Element, marks: set[str]) -> bool:
    holder = node.getparent()
    inside = holder.getparent() if holder is not None else None
    return inside is not None and inside.tag == SUBJECT and any(
        _mark(mark.partition(" ")[0], text(node)) == mark for mark in marks
    )  # fmt: skip


def others(data: bytes) -> Any:
    root = parsed(data)
    marks = {text(item) for node in root.iter(KEYWORDS) for item in items(node)}
    told = [meaning(each, marks) for each in root.iter(f"{RDF}RDF")]
    return [
        [each for each in rdf[3] if each[3] or each[1] or dict(each[2]).keys() - {f"{RDF}about"}]
        for rdf in told
    ]


@pytest.mark.rule("xmp-merged", "xmp-forgets")
@given(data=trees(), first=TAGS, then=TAGS, orientation=st.integers(1, 8))
def test_what_is_not_ours_survives_every_merge(
    data: bytes, first: list[Tag], then: list[Tag], orientation: int
) -> None:
    now = data
    for tags in (first, [*first[1:], *then], []):
        new = merged(now, tags, SIZE, orientation)
        assert new is None or others(new) == others(data)
        now = now if new is None else new
        assert merged(now, tags, SIZE, orientation) is None, "nothing has to change a second time"
        told = parsed(now)
        ours = {
            text(fields(item)[FACE])
            for node in told.iter(REGIONS)
            for item in items(fields(node).get(LIST))
            if FACE in fields(item)
        }
        assert ours <= {tag.face_id for tag in tags}
        keywords = {text(item) for node in told.iter(SUBJECT) for item in items(node)}
        assert {tag.name for tag in tags} - {""} <= keywords
    assert not list(parsed(now).iter(KEYWORDS, FACE))


@pytest.mark.rule("xmp-merged")
def test_ends_and_prefixes_of_the_file_stay_too() -> None:
    new = merged(xmp("<tiff:Make>x</tiff:Make>"), [Tag("f", "Ada", Rectangle(1, 2, 30, 40))], SIZE, 1)
    assert new is not None
    assert new.startswith(b'<?xpacket begin="\xef\xbb\xbf"')
    assert new.endswith(b'<?xpacket end="w"?>')
    assert b"<tiff:Make>x</tiff:Make>" in new
    declaration = b"<?xml version='1.0'?>" + xmp().partition(b"?>")[2]
    declared = merged(declaration, [Tag("f", "A\x01\ufffe", Rectangle(1, 2, 3, 4))], SIZE, 1)
    assert declared is not None
    assert declared.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert DESCRIPTION.encode() not in declared


@pytest.mark.rule("xmp-merged")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_each_encoding_of_xmp_is_read_and_merged(encoding: str) -> None:
    there = xmp(mwg(region((0.5, 0.5, 0.2, 0.2), "Jörg"))).decode().encode(encoding)
    new = merged(there, [Tag("f", "Ada", Rectangle(1, 2, 30, 40))], SIZE, 1)
    assert new is not None
    assert {each.name for each in read_regions(new, SIZE, 1)} == {"Jörg", "Ada"}
    assert has_ours(new.decode().encode(encoding))
    gone = merged(new, [], SIZE, 1)
    assert gone is not None
    assert [each.name for each in read_regions(gone, SIZE, 1)] == ["Jörg"]


@pytest.mark.rule("xmp-merged")
def test_a_region_of_another_that_says_the_same_is_not_repeated() -> None:
    there = xmp(mwg(region((0.5, 0.5, 0.2, 0.2), "Ada")))
    new = merged(there, [Tag("f", "Ada", Rectangle(257, 193, 127, 95))], SIZE, 1)
    assert new is not None
    assert new.count(b"RegionList><rdf:Bag><rdf:li>") == 1
    assert b"facetag:Face" not in new
