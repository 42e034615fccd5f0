"""What a picture says of itself, as XMP: that a model made it and, where it may be told, by whom and from which prompt.

A label is put into the container of an encoded file, so that nothing is painted again: an APP1 segment in JPEG (XMP
specification, part 3), an `XMP ` chunk in WebP (RFC 9649, section 2.7), an iTXt chunk in PNG.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape

from shared.media import Extension

JPEG_START = b"\xff\xd8"
JPEG_APP0, JPEG_APP1, JPEG_SCAN = 0xE0, 0xE1, 0xDA
JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_XMP = b"XML:com.adobe.xmp"
WEBP_HAS_XMP = 0x04
WEBP_HEAD = 30
"""Bytes up to the end of the VP8X chunk, which says what others there are."""


class Unlabelled(Exception):
    """The file is not what its name says, or has no room for a label."""


def xmp(*, creator: str | None = None, prompt: str | None = None) -> bytes:
    """An XMP packet that says what a picture is, in IPTC's terms."""
    told = "".join(
        f"<Iptc4xmpExt:{name}>{escape(text)}</Iptc4xmpExt:{name}>"
        for name, text in (("AIPromptInformation", prompt), ("AIPromptWriterName", creator))
        if text
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
        '"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia">'
        f'{told}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def labelled(file: bytes, extension: Extension, packet: bytes) -> bytes:
    """The same picture with this label in place of the one it has. An AVIF keeps its own. Raises `Unlabelled`."""
    match extension:
        case "jpg":
            return _jpeg(file, packet)
        case "webp":
            return _webp(file, packet)
        case "png":
            return _png(file, packet)
        case "avif":
            return file


def _jpeg(file: bytes, packet: bytes) -> bytes:
    body = JPEG_XMP + packet
    if not file.startswith(JPEG_START) or len(body) + 2 > 0xFFFF:
        raise Unlabelled("no JPEG, or a label of more than 64 kB")
    label = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    head, rest = [JPEG_START], len(JPEG_START)
    while file[rest + 1 : rest + 2] != bytes([JPEG_SCAN]):
        if rest + 4 > len(file):
            raise Unlabelled("a JPEG without a picture")
        kind, end = file[rest + 1], rest + 2 + int.from_bytes(file[rest + 2 : rest + 4], "big")
        # JFIF's own segment has to stay the first.
        if label and kind != JPEG_APP0:
            head.append(label)
            label = b""
        if not (kind == JPEG_APP1 and file[rest + 4 : end].startswith(JPEG_XMP)):
            head.append(file[rest:end])
        rest = end
    return b"".join(head) + label + file[rest:]


def _webp(file: bytes, packet: bytes) -> bytes:
    if file[:4] != b"RIFF" or file[8:16] != b"WEBPVP8X" or len(file) < WEBP_HEAD:
        raise Unlabelled("no WebP with room for a label")
    chunks = [(name, data) for name, data in _riff_chunks(file) if name != b"XMP "]
    name, features = chunks[0]
    chunks[0] = name, bytes([features[0] | WEBP_HAS_XMP]) + features[1:]
    chunks.append((b"XMP ", packet))
    body = b"WEBP" + b"".join(
        name + len(data).to_bytes(4, "little") + data + b"\x00" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _riff_chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(file):
        end = at + 8 + int.from_bytes(file[at + 4 : at + 8], "little")
        yield file[at : at + 4], file[at + 8 : end]
        at = end + end % 2


def _png(file: bytes, packet: bytes) -> bytes:
    if not file.startswith(PNG_START):
        raise Unlabelled("no PNG")
    # Keyword, then: not compressed, no language, no translated keyword.
    label = _png_chunk(b"iTXt", PNG_XMP + b"\x00\x00\x00\x00\x00" + packet)
    head, at = [PNG_START], len(PNG_START)
    while at + 12 <= len(file):
        kind, end = file[at + 4 : at + 8], at + 12 + int.from_bytes(file[at : at + 4], "big")
        if kind == b"IDAT":
            return b"".join(head) + label + file[at:]
        if not (kind == b"iTXt" and file[at + 8 : end].startswith(PNG_XMP)):
            head.append(file[at:end])
        at = end
    raise Unlabelled("a PNG without a picture")


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
