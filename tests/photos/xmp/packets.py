"""XMP for the tests, as other programs write it."""

from collections.abc import Iterable, Sequence

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "dc": "http://purl.org/dc/elements/1.1/",
        "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
        "stArea": "http://ns.adobe.com/xmp/sType/Area#",
        "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
        "MP": "http://ns.microsoft.com/photo/1.2/",
        "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
        "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
    }.items()
)

Area = Sequence[float]
"""Middle, width and height, in shares of the stored picture."""

CENTRE = (0.5, 0.5, 0.5, 0.5)


def xmp(*properties: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {NAMESPACES}><rdf:Description rdf:about="" {attributes}>{"".join(properties)}'
        f'</rdf:Description></rdf:RDF></x:xmpmeta>{" " * 40}<?xpacket end="w"?>'
    ).encode()


def mwg(*regions: str, size: tuple[int, int] = (64, 48)) -> str:
    """`mwg-rs:Regions` of items."""
    width, height = size
    return (
        '<mwg-rs:Regions rdf:parseType="Resource">'
        f'<mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>'
        f"<mwg-rs:RegionList><rdf:Bag>{''.join(regions)}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def region(area: Area = CENTRE, name: str = "Ada", kind: str = "Face", unit: str = "normalized") -> str:
    """An item, as ExifTool and digiKam write it."""
    x, y, width, height = area
    return (
        f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="{kind}"><mwg-rs:Area stArea:x="{x}" '
        f'stArea:y="{y}" stArea:w="{width}" stArea:h="{height}" stArea:unit="{unit}"/>'
        "</rdf:Description></rdf:li>"
    )


def microsoft(regions: Iterable[tuple[str, str]]) -> str:
    """`MP:RegionInfo` of rectangles with names."""
    items = "".join(
        f'<rdf:li><rdf:Description MPReg:PersonDisplayName="{name}" MPReg:Rectangle="{rectangle}"/></rdf:li>'
        for rectangle, name in regions
    )
    return (
        '<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>'
        f"{items}</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
    )
