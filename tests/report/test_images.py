"""Pictures in a page: which are put in, what is known of them before, and what is said of those that are not."""

from __future__ import annotations

import base64
import dataclasses
import struct

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.html import render_html
from osiris_core.report.images import gallery
from osiris_core.report.images.rasters import read_raster
from osiris_core.report.images.vectors import read_vector
from tests.report.pictures import SVG, chunk, plain, png, put
from tests.report.structure import Structure

BY = "\N{MULTIPLICATION SIGN}"
BLUE, RED = (0, 0, 200, 255), (200, 0, 0, 255)
GIF_IMAGE = b",\0\0\0\0" + struct.pack("<HHB", 3, 2, 0) + b"\2\2\x4c\1\0"


def page_of(root, files, **waived) -> Structure:
    return Structure(render_html(RecordSet(records=(put(root, files, **waived),)), roots=[root]))


def images(page: Structure) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in page.elements if tag == "img"]


def jpeg(width: int, height: int, scans: int = 1, end: bytes = b"\xff\xd9") -> bytes:
    comment = b"\xff\xfe\0\x08\xff\xc0\0\1\2\3"  # in which a frame header seems to begin
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + comment + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0\0" * scans + end


def gif(*parts: bytes, width: int = 3, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + b"".join(parts)


def webp(form: bytes, data: bytes) -> bytes:
    body = b"WEBP" + form + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_both_sides_are_in_the_page_once(tmp_path):
    """As they are in the session, with whose they are and how large; what a name says counts for nothing, and equal files are left out."""
    left, right, lone = plain(BLUE), plain(RED, 50, 30), SVG.format("").encode()
    page = page_of(
        tmp_path,
        {
            "write-delays/delays.jpg": (left, right),
            "write-delays/equal.png": (left, left),
            "write-delays/only.dat": (None, lone),
            "write-delays/table.csv": (b"a,b\n", b"a,c\n"),
        },
    )
    facts = [f"PNG, 60 {BY} 40 pixels, {len(left)} bytes", f"PNG, 50 {BY} 30 pixels, {len(right)} bytes", f"SVG, 60 {BY} 40 pixels, {len(lone)} bytes"]  # fmt: skip
    assert images(page) == [
        {"src": f"data:image/png;base64,{base64.b64encode(left).decode()}", "alt": f"write-delays/delays.jpg on local: {facts[0]}", "width": "60", "height": "40", "decoding": "async"},
        {"src": f"data:image/png;base64,{base64.b64encode(right).decode()}", "alt": f"write-delays/delays.jpg on e2b: {facts[1]}", "width": "50", "height": "30", "decoding": "async"},
        {"src": f"data:image/svg+xml;base64,{base64.b64encode(lone).decode()}", "alt": f"write-delays/only.dat on e2b: {facts[2]}", "width": "60", "height": "40", "decoding": "async"},
    ]  # fmt: skip
    assert "3 pictures of artifacts that differ" in page.text
    assert page.values("class").count("images unlike-size") == 1  # and one that is alone


def test_what_is_not_put_in_is_told_with_its_place(tmp_path):
    """A bomb, a file that is something else, and one whose session is gone: each in its picture's place."""
    left = plain(BLUE)
    files = {
        "write-delays/bomb.png": (left, png([[BLUE]], size=(60_000, 60_000))),
        "write-delays/page.png": (left, b"<html>503</html>"),
    }
    page = page_of(tmp_path, files)
    place = ".osiris/runs/20260203T101500Z-4f1c2a9e/e2b/artifacts/write-delays/"
    assert len(images(page)) == 2
    assert f"Not in this page: it would take 3,600,000,000 pixels, and 16,000,000 are shown at most. The file: {place}bomb.png." in page.text  # fmt: skip
    assert f"Not in this page: it is no picture that a page can show, by its first bytes. The file: {place}page.png." in page.text  # fmt: skip
    assert f"2 pictures of artifacts that differ ({2 * len(left)} B) in this page; 1 more not" in page.text

    alone = Structure(render_html(RecordSet(records=(put(tmp_path, files),))))
    assert images(alone) == []
    assert alone.text.count("Not in this page: this page was made from the records alone.") == 4


def test_a_page_has_room_for_so_much(tmp_path, monkeypatch):
    """Of one file, of all of them, and of their pixels; the first ones have it, and a pair is there whole or not at all."""
    first, second = (plain(BLUE), plain(RED)), (plain(BLUE, 70), plain(RED, 70))
    record = put(tmp_path, {"write-delays/1.png": first, "write-delays/2.png": second})

    def sizes(**limits) -> list[int]:
        with monkeypatch.context() as patch:
            for name, value in limits.items():
                patch.setattr(gallery, name, value)
            images = gallery.Gallery([tmp_path]).of(record)
            shown = [images(each, each.path, ("local", "e2b")) for each in record.comparison.findings]
        return [side.width for each in shown for side in each.sides if side.data]

    both = len(first[0]) + len(first[1])
    assert sizes() == [60, 60, 70, 70]
    assert sizes(PAGE_BYTES=both + len(second[0])) == [60, 60]
    assert sizes(PAGE_PIXELS=2 * 60 * 40 + 70 * 40) == [60, 60]
    assert sizes(PICTURE_BYTES=100) == []


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (plain(BLUE, 3, 2), "PNG", (3, 2)),
        (gif(b"!\xfe\1x\0", GIF_IMAGE, b";"), "GIF", (3, 2)),
        (gif(GIF_IMAGE, b";", width=1), "GIF", (3, 2)),
        (jpeg(3, 2), "JPEG", (3, 2)),
        (webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 3, 2)), "WebP", (3, 2)),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 2 | 1 << 14)), "WebP", (3, 2)),
        (webp(b"VP8X", bytes(4) + b"\2\0\0\1\0\0"), "WebP", (3, 2)),
    ],
)
def test_a_raster_is_known_by_its_header(data, kind, size):
    """Format and size are read from the bytes; no end of any prefix of it is a surprise."""
    facts = read_raster(data)
    assert (facts.kind, (facts.width, facts.height), facts.unfit, facts.damage) == (kind, size, "", "")
    for length in range(len(data)):
        torn = read_raster(data[:length])
        assert torn is None or torn.unfit == "its header is torn" or torn.damage == "the file ends before the picture does"  # fmt: skip


@pytest.mark.parametrize(
    ("data", "unfit", "damage"),
    [
        (png([[BLUE]], chunk(b"acTL", struct.pack(">II", 9_000, 0))), "it is a moving picture", ""),
        (gif(GIF_IMAGE, GIF_IMAGE, b";"), "it is a moving picture", ""),
        (webp(b"VP8X", b"\2" + bytes(9)), "it is a moving picture", ""),
        (jpeg(3, 2, scans=101), "it is made of 101 scans", ""),
        (jpeg(5_000, 5_000), "it would take 25,000,000 pixels, and 16,000,000 are shown at most", ""),
        (jpeg(1, 20_000), "it is 20,000 pixels long, and 16,384 are shown at most", ""),
        (webp(b"VP8X", bytes(4) + b"\xff" * 6), "it would take 281,474,976,710,656 pixels, and 16,000,000 are shown at most", ""),
        (gif(b",\0\0\0\0\xff\xff\xff\xff\0\2\0;"), "it would take 4,294,836,225 pixels, and 16,000,000 are shown at most", ""),
        (jpeg(3, 0), "its header is torn", ""),
        (plain(BLUE).replace(b"IDAT\x78", b"IDAT\x79"), "", "bytes of it are damaged"),
        (gif(GIF_IMAGE, b"?"), "", "bytes of it are damaged"),
        (jpeg(3, 2, end=b""), "", "the file ends before the picture does"),
    ],
)  # fmt: skip
def test_a_raster_that_is_no_good_is_told(data, unfit, damage):
    """What moves, what would take too much, and what is not whole."""
    facts = read_raster(data)
    assert (facts.unfit, facts.damage) == (unfit, damage)


def doubled(levels: int, reference: str, times: int = 10) -> str:
    """Return groups that each refer to the one before, so often."""
    groups = ['<g id="g0"/>']
    groups += [f'<g id="g{n}">{reference.format(f"#g{n - 1}") * times}</g>' for n in range(1, levels)]
    return "".join(groups)


@pytest.mark.parametrize(
    ("body", "unfit"),
    [
        ('<defs><path id="p"/></defs>' + '<use href="#p"/>' * 5_000, ""),
        ('<style>* { fill: #fff }</style><image href="data:image/png;base64,PNG"/>', ""),
        (doubled(4, '<use href="{}"/>'), ""),
        (doubled(6, '<use href="{}"/>'), "more than 20,000 elements"),
        (doubled(6, '<rect fill="url({})"/>'), "more than 20,000 elements"),
        (doubled(6, '<rect style="mask: url( &quot;{}&quot; )"/>'), "more than 20,000 elements"),
        (doubled(6, '<use href="{}"/>').replace('"#g', '"%23&#10;g'), "more than 20,000 elements"),
        ("<g/>" * 20_000, "more than 20,000 elements"),
        ("<g>" * 101 + "</g>" * 101, "nested more than 100 deep"),
        ('<g id="a"><use href="#a"/></g><use href="#a"/>', "refers to itself"),
        ('<g id="a%20"/>', "a way that was not looked into"),
        (r'<g fill="u\72l(#a)"/>', "a way that was not looked into"),
        ("<style>g { fill: url('#a') }</style>", "style sheet"),
        ("<style>g { fill: u<![CDATA[rl(]]>#a) }</style>", "style sheet"),
        (r"<style>g { fill: u\72l(#a) }</style>", "style sheet"),
        ('<style>@import "data:text/css,a"</style>', "style sheet"),
        ('<image href="data:image/png;base64,BOMB"/>', "data that was not looked into"),
        ('<image href="data:image/png;base64,A"/>', "data that was not looked into"),
        ('<image href="data:image/png;base64,TALL"/>', "data that was not looked into"),
        ('<image href="data:image/png;base64,HALF"/>' * 3, "data that was not looked into"),
        (doubled(6, '<use href="{}"/>').replace("<g id", "<g xml:id"), "more than 20,000 elements"),
        ("<style><g>g { fill: url('#a') }</g></style>", "style sheet"),
        ('<circle r="1"><animate attributeName="r" to="9" dur="1s" repeatCount="indefinite"/></circle>', "moving"),
        ('<circle r="1"><animateTransform attributeName="transform" to="9" dur="1s"/></circle>', "moving"),
        ('<circle r="1"><set attributeName="r" to="9" begin="1s"/></circle>', "moving"),
        (f'<filter id="f">{"<feFlood/>" * 4}</filter>' + '<rect filter="url(#f)"/>' * 5, ""),
        (f'<filter id="f">{"<feFlood/>" * 400}</filter>' + '<rect filter="url(#f)"/>' * 2, "more than 20,000 elements"),
        ('<rect filter="blur(9px)"/>' * 1_001, "more than 20,000 elements"),
        ('<rect style="Filter: blur(9px)"/>' * 1_001, "more than 20,000 elements"),
        ("<style>rect { filter: blur(9px) }</style>", "style sheet"),
        ("<style>@keyframes a { to { opacity: 0 } } g { animation: a 1s infinite }</style>", "moving"),
        ('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>', "data that was not looked into"),
        ('<image href="d&#10;ata:,x"/>', "data that was not looked into"),
        ("<?xml-stylesheet href='a.css'?>", "instructions for other programs"),
        ("<g>", "no whole document"),
    ],
)
def test_an_svg_is_weighed_before_a_browser_has_it(body, unfit):
    """What its references make of it, however they are written; what cannot be weighed is not shown."""
    pictures = {
        "PNG": plain(BLUE, 2, 2),
        "BOMB": png([[BLUE]], size=(60_000, 60_000)),
        "TALL": png([[BLUE]], size=(1, 20_000)),
        "HALF": png([[BLUE]], size=(2_000, 4_000)),
    }
    for name, data in pictures.items():
        body = body.replace(name, base64.b64encode(data).decode())
    facts = read_vector(b"<!DOCTYPE svg><!-- made by hand -->" + SVG.format(body).encode())
    assert (facts.width, facts.height) == (60, 40)
    assert unfit in facts.unfit
    assert bool(unfit) == bool(facts.unfit)


def test_a_filter_costs_as_many_pixels_as_the_picture_has():
    """What a small picture has room for, a large one has not."""
    body = f'<filter id="f">{"<feFlood/>" * 10}</filter><rect filter="url(#f)"/>'
    large = SVG.replace('"60"', '"4000"').replace('"40"', '"4000"')
    assert read_vector(SVG.format(body).encode()).unfit == ""
    assert "more than 20,000 elements" in read_vector(large.format(body).encode()).unfit


def test_elements_of_a_large_picture_count_for_more():
    """Each may cover all of it: what a browser paints of 16 million pixels is soon more than it does quickly."""
    body = "<rect/>" * 700
    large = SVG.replace('"60"', '"4000"').replace('"40"', '"4000"')
    assert read_vector(SVG.format(body).encode()).unfit == ""
    assert "than a browser paints quickly" in read_vector(large.format(body).encode()).unfit


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ("width='460.8pt' height='345.6pt'", (614, 461)),
        ("viewBox='0 0 20 10'", (20, 10)),
        ("viewBox='0,0,20,10' width='100%' height='50px'", (100, 50)),
        ("width='1e9' height='-4'", (300, 150)),
    ],
)
def test_an_svg_says_how_large_it_is(root, size):
    """In the units of CSS, by its view box, or not at all."""
    facts = read_vector(f"<svg xmlns='http://www.w3.org/2000/svg' {root}/>".encode())
    assert ((facts.width, facts.height), facts.unfit) == (size, "")


def test_what_only_looks_like_an_svg_is_none():
    """Another root is no picture; entities and a missing namespace are no picture for a browser."""
    assert read_vector(b"<html><svg/></html>") is None
    assert read_vector(b"a text about svg") is None
    entity = b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>'
    assert read_vector(entity) is None
    assert "namespace" in read_vector(b"<svg/>").unfit


def test_pictures_of_many_manifests_come_in_their_order(tmp_path, monkeypatch):
    """What fails first has the room; the same ones make the same page, byte for byte."""
    passing = put(tmp_path, {"write-delays/pass.png": (plain(BLUE), plain(RED))})
    failing = put(tmp_path, {"write-delays/fail.png": (plain(BLUE), plain(RED))})
    passing = dataclasses.replace(passing, passed=True, verdict=Verdict.ACCEPTED)
    monkeypatch.setattr(gallery, "PAGE_PIXELS", 2 * 60 * 40)
    (text,) = {render_html(RecordSet(records=(passing, failing)), roots=[tmp_path]) for _ in range(2)}
    page = Structure(text)
    assert [each["alt"].split()[0] for each in images(page)] == ["write-delays/fail.png"] * 2
    assert page.text.count("the pictures before it fill what a page has room for") == 2


def test_two_differences_of_one_file_show_its_pictures_once(tmp_path):
    """As of its bytes and of its mode: the second one takes no room."""
    record = put(tmp_path, {"write-delays/a.png": (plain(BLUE), plain(RED))})
    (finding,) = record.comparison.findings
    shelf = gallery.Gallery([tmp_path])
    images = shelf.of(record)
    shown = [images(each, each.path, ("local", "e2b")) for each in (finding, dataclasses.replace(finding, code="mode"))]
    assert ([each is None for each in shown], shelf.shown) == ([False, True], 2)
