"""A whole report with invented numbers: every script, every kind of exhibit."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gapstudy.exhibits.base import Cell, Exhibit, Head, Table
from gapstudy.report import Equation, Report, Section, literal, render, write

SIGNATURE = "study:tiny|runs:255|seeds:15|resamples:1000|ci:bca-95|cka:debiased|gapstudy:0.1.0|runs-hash:1c2d9e"
CODES = ["eng", "fra", "rus", "ita", "hun", "ukr", "kor", "tur", "fin", "hin"]
PRINTED = {
    ("NER", "Character"): (
        [87.13, 91.27, 91.80, 92.26, 93.14, 93.88, 84.11, 92.92, 90.45, 87.68],
        0.0316,
        4.02,
        0.4584,
    ),
    ("NER", "Phoneme"): ([83.61, 89.42, 89.60, 90.56, 91.89, 92.76, 87.19, 92.35, 89.23, 88.23], 0.0259, 3.52, 0.7195),
    ("POS", "Character"): (
        [96.62, 95.54, 87.91, 96.06, 74.57, 85.79, 86.71, 90.49, 91.78, 96.81],
        0.0692,
        8.77,
        0.4593,
    ),
    ("POS", "Phoneme"): ([95.94, 96.35, 86.69, 96.37, 85.87, 91.32, 85.82, 91.11, 93.76, 96.94], 0.0455, 5.80, 0.7204),
}
SENTENCES = (
    ("English", "en", "The children are reading a book.", "ð ə t͡ʃ ɪ l d ɹ ə n ɑ ɹ ɹ iː d ɪ ŋ ə b ʊ k"),
    ("Russian", "ru", "Дети читают книгу.", "dʲ e tʲ ɪ t͡ɕ ɪ t a j u t k nʲ i ɡ u"),
    ("Ukrainian", "uk", "Діти читають книгу, її ґанок.", "dʲ i t ɪ t͡ʃ ɪ t ɑ j u tʲ k n ɪ ɦ u"),
    ("Korean", "ko", "아이들이 책을 읽고 있습니다.", "a i d ɯ ɾ i t͡ɕʰ ɛ̝ ɡ ɯ l i l k̚ k͈ o"),
    ("Hindi", "hi", "बच्चे क्षत्रिय ज्ञान की किताब पढ़ रहे हैं।", "b ə t͡ʃː eː k ʂ ə t̪ ɾ ɪ j ɡ j ɑ̃ n"),
    ("Urdu", "ur", "بچے ایک کتاب پڑھ رہے ہیں، اور ٹیچر سن رہا ہے۔", "b ə t͡ʃ eː eː k k ɪ t̪ ɑː b p ə ɽʱ"),
    ("Turkish", "tr", "Çocuklar ağacın altında kitap okuyor.", "t͡ʃ o d͡ʒ u k ɫ a ɾ a ɰ a d͡ʒ ɯ n"),
)


def _interval(value: float, width: float, digits: int) -> str:
    return f"[{value - width:.{digits}f}, {value + width:.{digits}f}]"


def _scores(task: str, name: str) -> tuple[Cell, ...]:
    scores, std, rpd, cka = PRINTED[task, name]
    best = name == "Phoneme"
    cells = [Cell(f"{x:.2f}", interval=_interval(x, 0.61, 1)) for x in scores]
    last = [
        Cell(f"{std:.4f}", interval=_interval(std, 0.004, 3), note="sample standard deviation" if best else ""),
        Cell(f"{rpd:.2f}", interval=_interval(rpd, 0.4, 2), best=best),
        Cell(f"{cka:.4f}", interval=_interval(cka, 0.02, 3), best=best),
    ]
    return (Cell(name, heading=True), *cells, *last)


def table1() -> Exhibit:
    """The widest table of the paper, with an interval in every cell."""
    header = (
        (Head(""), Head("Language, F1 (%)", span=10), Head("Performance gap", span=2), Head("Linguistic gap")),
        (Head("Method"), *map(Head, CODES), Head("Std. (↓)"), Head("RPD (%, ↓)"), Head("CKA (↑)")),
    )
    rows: list[tuple[Cell, ...]] = []
    for task, title in (("NER", "Named entity recognition"), ("POS", "Part-of-speech tagging")):
        rows += [(Cell(title, heading=True),), _scores(task, "Character"), _scores(task, "Phoneme")]
    return Exhibit(
        key="table1",
        kind="table",
        title="Performance across languages",
        caption="F1 of named entity recognition and part-of-speech tagging, mean of 15 seeds with 95 % intervals. "
        "*Std.* is the standard deviation of the scores across languages, RPD the mean relative percentage difference "
        "of all 45 pairs, CKA the mean similarity of their representations, $0 \\le \\mathrm{CKA} \\le 1$.",
        signature=SIGNATURE,
        table=Table(header=header, rows=tuple(rows), align="l" + "r" * 13, small=True),
        records=({"task": "ner", "representation": "phoneme", "language": "eng", "f1": 83.61},),
        notes=("The paper prints the population standard deviation for NER with phonemes, the sample one elsewhere.",),
    )


def table2() -> Exhibit:
    """Two levels of headers over few columns."""
    header = (
        (Head(""), Head("eng"), Head("swa", span=3), Head("urd", span=3)),
        (Head("Method"), Head("Acc. (%)"), *(map(Head, ("Acc. (%)", "Δ rel. (%)", "Δ abs.") * 2))),
    )
    data = (
        ("Subword", "80.80", "62.93", "24.87", "17.87", "61.57", "27.01", "19.23"),
        ("Character", "75.02", "59.72", "22.71", "15.3", "56.55", "28.08", "18.47"),
        ("Phoneme", "71.89", "60.88", "16.59", "11.01", "56.1", "24.67", "15.79"),
    )
    rows = tuple(
        (Cell(name, heading=True), *(Cell(x, best=name == "Phoneme" and j in (2, 3, 5, 6)) for j, x in enumerate(row)))
        for name, *row in data
    )
    return Exhibit(
        key="table2",
        kind="table",
        title="Accuracy and gaps on XNLI",
        caption="Relative differences are RPD (equation 1); absolute ones are percentage points.",
        signature=SIGNATURE,
        table=Table(header=header, rows=rows, align="lrrrrrrr"),
        records=({"method": "Subword", "eng": 80.8}, {"method": "Phoneme", "eng": 71.89, "swa": 60.88}),
    )


def table3() -> Exhibit:
    """Coefficients with intervals beside them and p-values of unlike sizes."""
    header = (
        (Head("Performance gap with"), Head("Spearman", span=2), Head("Kendall", span=2)),
        (Head(""), Head("ρ"), Head("p"), Head("τ"), Head("p")),
    )
    rows = (
        (
            Cell("English accuracy", heading=True),
            Cell("0.111", "[-0.26, 0.45]"),
            Cell("0.56"),
            Cell("0.104", "[-0.17, 0.36]"),
            Cell("0.43"),
        ),
        (
            Cell("Sinkhorn distance", heading=True),
            Cell("0.681", "[0.40, 0.84]"),
            Cell("< 0.001"),
            Cell("0.457", "[0.24, 0.63]"),
            Cell("< 0.001"),
        ),
        (
            Cell("CKA", heading=True),
            Cell("-0.782", "[-0.90, -0.55]", best=True),
            Cell("< 0.001"),
            Cell("-0.577", "[-0.73, -0.37]", best=True),
            Cell("< 0.001"),
        ),
    )
    return Exhibit(
        key="table3",
        kind="table",
        title="Correlation of the gaps",
        caption="Rank correlation over 30 points (15 seeds × 2 pairs); intervals resample whole seeds.",
        signature=SIGNATURE,
        table=Table(header=header, rows=rows, align="lrrrr"),
        missing=("eng–urd, seed 7: the run failed (loss became NaN)",),
    )


def figure1() -> Exhibit:
    """A figure that is a table: sentences in every script beside their phonemes."""
    rows = tuple((Cell(name, heading=True), Cell(text, lang=tag), Cell(ipa)) for name, tag, text, ipa in SENTENCES)
    header = ((Head("Language"), Head("Orthography"), Head("Phonemes (IPA)")),)
    return Exhibit(
        key="figure1",
        kind="figure",
        title="Orthographic and phonemic input",
        caption="The same sentence as the character model and as the phoneme model read it.",
        signature=SIGNATURE,
        alt="Seven sentences in Latin, Cyrillic, Hangul, Devanagari and Arabic script with their IPA transcriptions.",
        table=Table(header=header, rows=rows, align="lll"),
    )


def figure3(image: Path) -> Exhibit:
    """A drawn figure."""
    return Exhibit(
        key="figure3",
        kind="figure",
        title="Gap, similarity and distance on XNLI",
        caption="(Left) difference of accuracy, (centre) CKA, (right) Sinkhorn distance of the output probabilities; "
        "bars are means of 15 seeds, whiskers 95 % intervals.",
        signature=SIGNATURE,
        alt='Three bar charts. "Phoneme" has the smallest gap, the highest CKA and the lowest distance for both pairs.',
        images=(image,),
        notes=("The vertical axes start at zero.",),
    )


def figure2_missing() -> Exhibit:
    """An exhibit that could not be computed."""
    return Exhibit(
        key="figure2",
        kind="figure",
        title="Linguistic gaps of all pairs",
        caption="CKA of each pair of languages, characters above and phonemes below the diagonal.",
        signature=SIGNATURE,
        missing=("ner-phoneme-hin: no finished run", "pos-phoneme-hin: no finished run"),
    )


BOUND = r"""
\left|\varepsilon_{\mathcal{D}_A}(h, f) - \varepsilon_{\mathcal{D}_B}(h, f)\right|
\le \tfrac{1}{2}\, d_{\mathcal{H}\Delta\mathcal{H}}(\hat{\mathcal{D}}_A, \hat{\mathcal{D}}_B)
+ 2\sqrt{\frac{d \log(2n) + \log(2/\delta)}{n}}
"""
RPD = r"\mathrm{RPD}(L_i, L_j) = \frac{|S(L_i) - S(L_j)|}{\frac{1}{2}\left(S(L_i) + S(L_j)\right)} \times 100"


def provenance() -> Section:
    """Long commands, paths and hashes, last in the report."""
    rows = (
        ("gapstudy", "0.1.0 (git 8f3c2d1)"),
        (
            "Command",
            "gapstudy report --study tiny --reports /data/somewhere/with/a/rather/long/path/that/does/not/end/soon/reports",
        ),
        ("Data fingerprint", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("Devices", "2 × CPU (x86_64)"),
        ("torch, transformers, epitran", "2.13.0, 5.2.1, 1.35.3"),
    )
    table = Table(
        header=((Head("What"), Head("Value")),),
        rows=tuple((Cell(a, heading=True), Cell(b)) for a, b in rows),
        align="ll",
    )
    made_from = Exhibit(
        key="provenance", kind="table", title="What this report was made from", caption="", signature="", table=table
    )
    return Section(key="provenance", title="Provenance", body=(made_from,))


def sections(image: Path) -> tuple[Section, ...]:
    """The order of the paper: input, results by language, gaps, their connexion, the bound."""
    return (
        Section(
            key="setup",
            title="Setup",
            body=(
                (
                    "Three representations of the same sentences are compared (@fig-figure1): subwords [@bert2019], "
                    "characters [@canine2022] and phonemes [@xphonebert2023], the last by Epitran [@epitran2018]. The gap "
                    "between two languages is their relative percentage difference:"
                ),
                Equation(key="rpd", tex=RPD),
                (
                    "Similarity of representations is linear CKA [@kornblith2019], debiased after @song2012 and "
                    "@nguyen2021; distance of outputs is the Sinkhorn distance [@cuturi2013; @feydy2019]."
                ),
                figure1(),
            ),
        ),
        Section(
            key="results",
            title="Results",
            body=("The order is that of @jung2024.",),
        ),
        Section(
            key="performance",
            title="Performance across languages",
            level=2,
            body=(
                (
                    "**Not decided.** In @tbl-table1 the mean RPD of phonemes is lower on both tasks, 3.52 % against "
                    "4.02 % and 5.80 % against 8.77 %, but the intervals of NER overlap. See also @tbl-table2 and @eq-rpd."
                ),
                table1(),
                table2(),
            ),
        ),
        Section(
            key="gaps",
            title="Linguistic gaps",
            level=2,
            body=(
                (
                    "**Supported.** @fig-figure2 and @fig-figure3 show the pairs; @sec-bound gives the bound. What is "
                    f"compared is {literal('encoder_$v2*')}."
                ),
                figure2_missing(),
                figure3(image),
                table3(),
            ),
        ),
        Section(
            key="bound",
            title="The bound",
            body=(
                "**Theorem 4.1** (of the paper, after @bendavid2010). With probability at least $1 - \\delta$,",
                Equation(key="bound", tex=BOUND),
                "At the sizes of this study the last term of @eq-bound exceeds 1, so that the bound says nothing.",
            ),
        ),
    )


def example(image: Path) -> Report:
    """The whole report."""
    return Report(
        title="The linguistic gap and the performance gap",
        study="tiny",
        date=date(2026, 11, 22),
        version="0.1.0",
        signature=SIGNATURE,
        banner="The corpora of this study were generated for demonstration. Its numbers show that the tool works; "
        "they are **not evidence** about languages.",
        summary=(
            (
                "This report repeats the analysis of @jung2024 on the study *tiny*: 255 runs of three tasks, three "
                "representations and twelve languages. Phonemes have the smaller gap in 3 of 4 comparisons; in none of "
                "them does the interval exclude zero."
            ),
            (
                "Similarity of representations correlates with the gap, $\\rho = -0.78$ over all points, but within each "
                "pair of languages the interval includes zero (@tbl-table3): the correlation says that two pairs differ, "
                "not that similarity explains the gap."
            ),
        ),
        sections=sections(image),
        appendix=(
            Section(
                key="data",
                title="Data",
                body=("Sources are @xnli2018, @wikiann2017, @ud2021 and @flores2022.",),
            ),
        ),
        closing=(provenance(),),
    )


def draw(folder: Path) -> Path:
    """Draw a small vector figure."""
    path = folder / "drawn" / "figure3.svg"
    path.parent.mkdir()
    bars = "".join(
        f'<rect x="{20 + 30 * i}" y="{90 - 12 * i}" width="20" height="{10 + 12 * i}" fill="#0072B2"/>'
        for i in range(6)
    )
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 110">{bars}</svg>', encoding="utf-8")
    return path


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """The example report."""
    return example(draw(tmp_path))


class Page(HTMLParser):
    """An HTML document taken apart: elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.pieces: list[str] = []
        self._hidden = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or script."""
        self._hidden = "" if tag == self._hidden else self._hidden

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if not self._hidden:
            self.pieces.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        """The words, with single spaces."""
        return " ".join("".join(self.pieces).replace("\u00a0", " ").split())


@pytest.fixture
def page() -> type[Page]:
    """The HTML reader."""
    return Page


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the example report, written and rendered once for all tests that only look."""
    folder = tmp_path_factory.mktemp("rendered")
    write(example(draw(folder)), folder)
    render(folder, quarto=False)
    return folder
