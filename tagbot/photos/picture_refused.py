"""The refusal of a file that is no photo, in words for the person who put it there."""


class PictureRefused(Exception):  # noqa: N818 - it names the outcome, as Reject and Retry do
    """The bytes are no photo that is taken."""

    def __init__(self, reason: str, *, looks_cut_off: bool = False) -> None:
        """`reason` is in plain words; `looks_cut_off` where more of the file may be on its way."""
        super().__init__(reason)
        self.reason = reason
        self.looks_cut_off = looks_cut_off


TAKEN = "only JPEG, PNG, WebP, HEIC and AVIF are taken"
HINTS = {
    "empty": "the file is empty",
    "gif": f"this is a GIF; {TAKEN}: save the picture that you mean as PNG or JPEG",
    "heif": f"this is a HEIF whose picture is coded neither as HEVC nor as AV1; {TAKEN}: export it as JPEG",
    "heif_film": f"this is a HEIF without a main picture, such as a film; {TAKEN}: save the picture that you "
    "mean as JPEG",
    "heif_mini": "this is a HEIF in its minimized form, which cannot be read yet: export it as JPEG",
    "heic_limits": "this HEIC asks for more than its decoder allows, such as thousands of tiles: export it "
    "as JPEG",
    "no_heic": "this is a HEIC, and there is no decoder for it on this machine: pip install pi-heif, where "
    "it has a wheel, or export the photo as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)",
    "no_avif": "this is an AVIF, and there is no decoder for it on this machine: install Pillow from its "
    "wheel, or export the photo as JPEG",
    "tiff": f"this is a TIFF or a camera's raw file; {TAKEN}: export it as JPEG",
    "bmp": f"this is a BMP; {TAKEN}: save it as PNG",
    "pdf": f"this is a PDF; {TAKEN}: export the photo from it as JPEG",
    "video": f"this is a video; {TAKEN}: save the picture that you mean as JPEG",
    "unknown": f"this is not a picture that we can read; {TAKEN}",
}
"""By kind of file, or decoder that is missing: the way out."""
