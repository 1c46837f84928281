"""Word documents: the styles of ``style/reference.docx``, pictures as PNG, and files with no clock in them.

``reference.docx`` is pandoc's own, with the styles below instead of its own: fonts that every Word has, tables with
rules above, below and under the head, small type for intervals and notes, A4 pages with a number at the foot.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from gapstudy.errors import RenderError
from gapstudy.report.files import replace_bytes
from gapstudy.report.tools import timestamp

__all__ = ["PIXELS_PER_INCH", "normalised", "prepare", "reference"]

PIXELS_PER_INCH = 220.0
"""Resolution of pictures at the width of the page's text."""

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FONTS = '<w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:eastAsia="Malgun Gothic" w:cs="Times New Roman"/>'
_ACCENT, _GREY, _WARM = "0B4A7D", "595959", "9C3D00"
_TEXT_WIDTH = 9296  # of the page below, in twentieths of a point
_PAGE = (
    '<w:sectPr><w:footerReference w:type="default" r:id="rIdFooter"/><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1418" w:right="1305" w:bottom="1304" w:left="1305" w:header="709" w:footer="624" w:gutter="0"/>'
    "</w:sectPr>"
)


def _size(points: float) -> str:
    half = round(2 * points)
    return f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'


def _paragraph(name: str, paragraph: str, run: str, *, based: str = "Normal", following: str = "") -> str:
    next_style = f'<w:next w:val="{following}"/>' if following else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="{based}"/>{next_style}<w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>'
    )


def _character(name: str, run: str) -> str:
    return (
        f'<w:style w:type="character" w:customStyle="1" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/>'
        f"<w:rPr>{run}</w:rPr></w:style>"
    )


def _spacing(before: float, after: float, line: int = 252) -> str:
    return (
        f'<w:spacing w:before="{round(20 * before)}" w:after="{round(20 * after)}" w:line="{line}" w:lineRule="auto"/>'
    )


def _heading(level: int, points: float) -> str:
    paragraph = f'<w:keepNext/><w:keepLines/>{_spacing(14, 5)}<w:outlineLvl w:val="{level - 1}"/>'
    run = f'{_FONTS}<w:b/><w:bCs/><w:color w:val="000000"/>{_size(points)}'
    style = _paragraph(f"heading {level}", paragraph, run, following="BodyText")
    return style.replace(f'w:styleId="heading{level}"', f'w:styleId="Heading{level}"')


def _styles() -> tuple[str, ...]:
    """The styles that replace pandoc's of the same id, or join them."""
    rule = '<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
    table = (
        '<w:style w:type="table" w:customStyle="1" w:default="1" w:styleId="Table"><w:name w:val="Table"/>'
        '<w:tblPr><w:jc w:val="center"/><w:tblBorders>'
        + rule.format(side="top", size=8) + rule.format(side="bottom", size=8) +
        '</w:tblBorders><w:tblCellMar><w:left w:w="58" w:type="dxa"/><w:right w:w="58" w:type="dxa"/></w:tblCellMar>'
        '</w:tblPr><w:tblStylePr w:type="firstRow"><w:tblPr><w:jc w:val="left"/></w:tblPr><w:tcPr>'
        '<w:tcBorders>' + rule.format(side="bottom", size=4) + '</w:tcBorders><w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr></w:style>'
    )  # fmt: skip
    stripe = (
        f'<w:keepLines/><w:pBdr><w:left w:val="single" w:sz="20" w:space="8" w:color="{_WARM}"/></w:pBdr>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="F8EFEA"/>{_spacing(0, 0)}<w:ind w:left="170"/>'
    )
    tabs = f'<w:tabs><w:tab w:val="center" w:pos="{_TEXT_WIDTH // 2}"/><w:tab w:val="right" w:pos="{_TEXT_WIDTH}"/></w:tabs>'
    grey = f'<w:color w:val="{_GREY}"/>'
    centred = '<w:jc w:val="center"/>'
    return (
        _heading(1, 13),
        _heading(2, 11),
        _paragraph("Title", f"<w:keepNext/>{_spacing(6, 6)}{centred}", f"{_FONTS}<w:b/><w:bCs/>{_size(16)}"),
        _paragraph("Subtitle", f"{_spacing(0, 4)}{centred}", _size(11)),
        _paragraph("Author", f"{_spacing(0, 2)}{centred}", _size(10)),
        _paragraph("Date", f"{_spacing(0, 12)}{centred}", _size(10)),
        _paragraph("Body Text", f'{_spacing(0, 6)}<w:jc w:val="both"/>', ""),
        _paragraph("Table Caption", f"<w:keepNext/>{_spacing(12, 4)}", _size(9)),
        _paragraph("Image Caption", _spacing(4, 12), _size(9)),
        _paragraph("Table Text", _spacing(1, 1, 228), _size(8.5)),
        _paragraph("Table Text Small", _spacing(0.5, 0.5, 216), _size(6.5)),
        _paragraph("Exhibit Notes", _spacing(2, 2, 228), _size(8)),
        _paragraph("Equation", f"{tabs}{_spacing(4, 8)}", ""),
        _paragraph("Callout", stripe, ""),
        _paragraph("Bibliography", f'{_spacing(0, 4)}<w:ind w:left="284" w:hanging="284"/>', _size(9)),
        _paragraph("footer", centred, f"{grey}{_size(8)}").replace('w:styleId="footer"', 'w:styleId="Footer"'),
        _character("Interval", _size(6.5)),
        _character("Interval Small", _size(5.5)),
        _character("Exhibit Signature", grey + _size(7)),
        _character("Exhibit Method", '<w:b w:val="0"/><w:i w:val="0"/>' + _size(8)),
        _character("Hyperlink", f'<w:color w:val="{_ACCENT}"/>').replace(' w:customStyle="1"', ""),
        table,
    )


def reference(default: bytes) -> bytes:
    """Return ``reference.docx`` made from pandoc's default one; the same bytes each time."""
    with zipfile.ZipFile(io.BytesIO(default)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/styles.xml"] = _restyled(parts["word/styles.xml"])
    document = parts["word/document.xml"].decode()
    start, end = document.rindex("<w:sectPr"), document.rindex("</w:body>")
    parts["word/document.xml"] = (document[:start] + _PAGE + document[end:]).encode()
    parts["word/footer1.xml"] = _footer()
    relation = f'<Relationship Id="rIdFooter" Type="{_RELATIONS}/footer" Target="footer1.xml"/></Relationships>'
    parts["word/_rels/document.xml.rels"] = (
        parts["word/_rels/document.xml.rels"].decode().replace("</Relationships>", relation).encode()
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"
    override = f'<Override PartName="/word/footer1.xml" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].decode().replace("</Types>", override).encode()
    return _zipped(parts)


def _footer() -> bytes:
    def field(code: str) -> str:
        return f'<w:fldSimple w:instr=" {code} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'

    return (
        f'<?xml version="1.0" encoding="UTF-8"?><w:ftr xmlns:w="{_W}"><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>'
        f'{field("PAGE")}<w:r><w:t xml:space="preserve"> / </w:t></w:r>{field("NUMPAGES")}</w:p></w:ftr>'
    ).encode()


def _restyled(styles: bytes) -> bytes:
    for prefix, uri in re.findall(r'xmlns:(\w+)="([^"]+)"', styles.decode()):
        ET.register_namespace(prefix, uri)
    root = ET.fromstring(styles)  # noqa: S314 - pandoc's own file
    run = root.find(f"{{{_W}}}docDefaults/{{{_W}}}rPrDefault/{{{_W}}}rPr")
    if run is not None:
        for child in list(run):
            if child.tag != f"{{{_W}}}lang":
                run.remove(child)
        for place, child in enumerate(_elements(_FONTS + _size(10))):
            run.insert(place, child)
    for text in _styles():
        (style,) = _elements(text)
        key = style.get(f"{{{_W}}}styleId")
        old = next((found for found in root if found.get(f"{{{_W}}}styleId") == key), None)
        if old is None:
            root.append(style)
        else:
            root[list(root).index(old)] = style
    restyled: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return restyled


def _elements(text: str) -> list[ET.Element]:
    return list(ET.fromstring(f'<r xmlns:w="{_W}">{text}</r>'))  # noqa: S314 - ours, see above


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name)  # of 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return buffer.getvalue()


def normalised(docx: bytes) -> bytes:
    """Return the document with tables centred, rows whole on a page, and files dated 1980: same content, same bytes."""
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist(), key=_order)}
    body = parts["word/document.xml"]
    body = body.replace(b"<w:tr><w:trPr>", b"<w:tr><w:trPr><w:cantSplit />")
    body = body.replace(b"<w:tr><w:tc>", b"<w:tr><w:trPr><w:cantSplit /></w:trPr><w:tc>")
    parts["word/document.xml"] = body.replace(b"<w:tblLayout ", b'<w:jc w:val="center" /><w:tblLayout ')
    return _zipped(parts)


def _order(name: str) -> tuple[bool, str]:
    return name != "[Content_Types].xml", name  # readers expect it first


def prepare(source: Path, default: bytes) -> None:
    """Put ``style/reference.docx`` and a PNG beside each SVG of ``figures/`` there.

    Raises
    ------
    RenderError
        If a picture cannot be drawn.
    """
    replace_bytes(source.parent / "style" / "reference.docx", reference(default))
    for svg in sorted((source.parent / "figures").glob("*.svg")):
        png = svg.with_suffix(".png")
        if not png.is_file() or png.stat().st_mtime_ns < svg.stat().st_mtime_ns:
            replace_bytes(png, _rasterised(svg, source))


def _rasterised(svg: Path, source: Path) -> bytes:
    import typst

    width = f"{_TEXT_WIDTH / 20}pt"
    page = "#set page(width: auto, height: auto, margin: 0pt)\n"
    text = f"{page}#image({_quoted(svg.name)}, width: {width})"
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(source.parent / "style" / "fonts")])
    try:
        compiler = typst.Compiler(text.encode(), root=str(svg.parent), font_paths=fonts)
        png = compiler.compile(format="png", ppi=PIXELS_PER_INCH, timestamp=timestamp(source))
    except typst.TypstError as error:
        msg = f"{svg}: cannot be drawn as PNG for the Word document ({error.message})"
        raise RenderError(msg) from error
    return png if isinstance(png, bytes) else b""


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
