"""Small sane scores, of every feature that has a reader of its own: what music.py spoils."""

from __future__ import annotations

import io
import zipfile

CONTAINER = "META-INF/container.xml"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="3.0">\n'
    '<part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list>\n'
    '<part id="P1">\n'
)
_ATTRIBUTES = (
    "<attributes><divisions>4</divisions><key><fifths>1</fifths><mode>major</mode></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>\n"
)
_TEMPO = (
    "<direction><direction-type><metronome><beat-unit>quarter</beat-unit>"
    "<per-minute>96</per-minute></metronome></direction-type></direction>\n"
)


def _note(step: str, duration: int, extra: str = "") -> str:
    return (
        f"<note><pitch><step>{step}</step><octave>4</octave></pitch>"
        f"<duration>{duration}</duration>{extra}</note>\n"
    )


def _score(*measures: str) -> str:
    numbered = "".join(
        f'<measure number="{number}">{_ATTRIBUTES if number == 1 else ""}{content}</measure>\n'
        for number, content in enumerate(measures, 1)
    )
    return f"{_HEAD}{numbered}</part>\n</score-partwise>\n"


_BAR = "".join(_note(step, 4) for step in "CDEF")
MUSICXML = (
    _score(_BAR, _BAR),
    _score(
        "<harmony><root><root-step>G</root-step></root><kind>dominant</kind></harmony>"
        '<sound tempo="132"/>' + _note("G", 8) + "<note><rest/><duration>8</duration></note>"
    ),
    _score(
        _note("C", 16, '<voice>1</voice><tie type="start"/>')
        + "<backup><duration>16</duration></backup>"
        + _note("E", 16, "<voice>2</voice>"),
        _note("C", 16, '<tie type="stop"/>'),
    ),
    _score(
        _note("C", 4),
        '<barline location="left"><repeat direction="forward"/></barline>' + _BAR,
        _TEMPO + _BAR + '<barline location="right"><repeat direction="backward" times="2"/>'
        "</barline>",
    ),
    _score(
        "".join(
            _note(
                step,
                2,
                "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
                "</time-modification>",
            )
            for step in "CDEFGA"
        )
    ),
)

ABC = (
    "X:1\nT:Scale\nM:4/4\nL:1/8\nQ:1/4=120\nK:C\nCDEF GABc|c2B2 A2G2|\n",
    "X:2\nT:Tune\nM:6/8\nK:D\n|:A2d f2a|1 gfe d3:|2 gfe d2e||\n\n"
    "X:3\nM:3/4\nL:1/4\nK:Em\nE G B|e3|\n",
    'X:4\nM:C|\nL:1/4\nK:Gm\nV:1\n"Gm"G B/2A/2 (3GAB|[GBd]4|\nV:2\nG,4|z4|\n',
    "L:1/4\nM:3/4\n\nX:5\nK:A dor\nA,|^C=c_B z|{g}a>b c'<d'|A3-|A3|]\n",
)

TOKENS = (
    "<chord/>", "<grace/>", "<rest/>", '<tie type="start"/>',
    "<backup><duration>64</duration></backup>",
    '<repeat direction="backward" times="1000000"/>', "<!DOCTYPE x>", "<![CDATA[", "&#0;", "&lol;",
    "<note/>", "<measure/>", "<part/>", "<divisions>0</divisions>", "<beats>0</beats>",
    '<sound tempo="0"/>', "<alter>99</alter>", "|:", ":|", "::", "[1", "(3", "(9:0:9", "C999999999",
    "C/0", "z1/0", "Q:1/4=0", "Q:0/0=1", "M:0/4", "M:4/0", "M:none", "L:1/0", "L:0/1", "K:none",
    "K:HP", "V:", "X:", "%%", "w:", "+trill+", "!f!", "[K:C]", "[M:7/8]", "''''''''", ",,,,,,",
)  # fmt: skip


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def container(*names: str) -> bytes:
    """Returns the container file of an .mxl archive that names these scores."""
    files = "".join(f'<rootfile full-path="{name}"/>' for name in names)
    text = f"<container><rootfiles>{files}</rootfiles></container>"
    return text.encode("utf-8", "surrogatepass")
