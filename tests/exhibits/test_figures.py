"""Every figure of studies large, small and broken: sensible or said to be missing, and never a word on another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gapstudy.exhibits import (
    bound_figure,
    figure2,
    figure3,
    g2p_figure,
    gap_cka,
    layer_figure,
    learning,
    reg_curve,
)
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.published import TABLE2
from gapstudy.languages import all_languages
from gapstudy.pipeline import gather
from gapstudy.stats import Estimate
from gapstudy.study import Study

FIGURES: dict[str, ModuleType] = {
    "figure2": figure2, "figure3": figure3, "gap-cka": gap_cka, "bound": bound_figure, "reg-curve": reg_curve,
    "layer-curves": layer_figure, "learning": learning, "g2p-audit": g2p_figure,
}  # fmt: skip
each = pytest.mark.parametrize("key", FIGURES)
SVG = "{http://www.w3.org/2000/svg}"


def of_many(text: str, n: int) -> Study:
    """Return the wide study with ``n`` languages in every task."""
    codes = [code for code, facts in all_languages().items() if facts.epitran][:n]
    named = ", ".join(f'"{code}"' for code in codes)
    text = re.sub(r"^languages = \[.*\]", f"languages = [{named}]", text, flags=re.MULTILINE)
    return Study.parse(re.sub(r"\[\[tasks.xnli.override\]\][^\[]*", "", text), "many.toml")


@pytest.fixture(scope="module")
def many(wide_toml: str, evidence_of: Callable[..., Evidence]) -> Callable[[int], Evidence]:
    """Evidence of a study of so many languages, four seeds each, made once."""
    made: dict[int, Evidence] = {}

    def make(n: int) -> Evidence:
        if n not in made:
            made[n] = evidence_of(of_many(wide_toml, n), seeds=4)
        return made[n]

    return make


@contextmanager
def words(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Collect every text that is drawn."""
    from matplotlib.text import Text

    drawn: dict[int, Any] = {}
    draw = Text.draw

    def record(self: Any, renderer: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            drawn[id(self)] = self
        draw(self, renderer)

    found: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        yield found
    found += drawn.values()


@each
@pytest.mark.parametrize("n", [2, 12, 30])
def test_no_word_stands_on_another(
    key: str, n: int, many: Callable[[int], Evidence], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With two, twelve and thirty languages no two texts overlap, and none runs out of the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with words(monkeypatch) as found:
        exhibit = FIGURES[key].compute(many(n), tmp_path)
    assert exhibit.images
    figure = found[0].get_figure(root=True)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in found]

    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert box.y1 <= figure.bbox.y1 + 1, text
    for (a, one), (b, other) in combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        tall = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert wide <= 1.0 or tall <= 1.5, f"{a!r} on {b!r}"


@each
def test_figures_are_small_and_tell_their_values(key: str, full: Any, drawn: Callable[[Path], Any]) -> None:
    """Each file is below 300 kB, as wide as the page, and its marks tell numbers."""
    path = full.folder / full.exhibits[key].images[0]
    titles = [t.text for t in drawn(path).iter(f"{SVG}title")]

    assert path.stat().st_size < 300_000
    assert drawn(path).get("width") == "453.6pt"
    assert len(titles) >= 6
    assert all(re.search(r"\d", t) for t in titles)


@each
def test_alt_text_has_numbers(key: str, full: Any) -> None:
    """Who cannot see a figure is told numbers of it, not what kind of figure it is."""
    exhibit = full.exhibits[key]

    assert len(re.findall(r"\d+\.?\d*", exhibit.alt)) >= 2
    assert "nan" not in exhibit.alt
    assert exhibit.caption.count(". ") <= 2
    assert exhibit.method


@each
def test_runs_are_named(key: str, full: Any) -> None:
    """Each figure that rests on runs names them; the audit rests on none."""
    known = {run.run_id for run in full.evidence.runs}

    assert set(full.exhibits[key].runs) <= known
    assert bool(full.exhibits[key].runs) == (key != "g2p-audit")


@each
@pytest.mark.parametrize("protocol", ["per-language", "zero-shot"])
@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds(
    key: str, protocol: str, seeds: int, micro: Study, fabricate: Callable[..., Any], tmp_path: Path
) -> None:
    """One or two seeds of two languages are drawn in both protocols, or what is missing is said."""
    study = micro.model_copy(update={"protocol": protocol})

    exhibit = FIGURES[key].compute(gather(study, fabricate(study, seeds=seeds).store)[0], tmp_path)

    assert exhibit.images or exhibit.missing
    assert not exhibit.images or (tmp_path / exhibit.images[0]).is_file()


@each
def test_without_runs_it_says_why(key: str, full: Any, tmp_path: Path) -> None:
    """Without any run nothing is drawn, an old drawing goes, and the reason is given; the audit needs no run."""
    old = tmp_path / "figures" / f"{key}.svg"
    old.parent.mkdir()
    old.write_text("<svg/>", encoding="utf-8")

    exhibit = FIGURES[key].compute(replace(full.evidence, runs=()), tmp_path)

    assert bool(exhibit.images) == old.exists() == (key == "g2p-audit")
    assert bool(exhibit.missing) == (key != "g2p-audit")


@pytest.mark.parametrize("key", ["figure3", "gap-cka", "bound", "learning"])
def test_constant_values_are_drawn(
    key: str, micro: Study, evidence_of: Callable[..., Evidence], rewrite: Callable[..., None], tmp_path: Path
) -> None:
    """Runs that are all alike give marks on one place and no correlation, not an error."""
    evidence = evidence_of(micro, seeds=4)
    rewrite(evidence.runs, score=50.0, outputs=lambda a: {k: np.zeros_like(v) for k, v in a.items()},
            embeddings=lambda a: {k: np.random.default_rng(0).normal(size=v.shape).astype(np.float32) for k, v in a.items()})  # fmt: skip

    exhibit = FIGURES[key].compute(gather(micro, evidence_store(evidence))[0], tmp_path)

    assert exhibit.images or exhibit.missing


def evidence_store(evidence: Evidence) -> Any:
    """The store that holds the runs of ``evidence``."""
    from gapstudy.store import RunStore

    return RunStore(evidence.runs[0].folder.parents[1])


# ---- Figure 3 ---------------------------------------------------------------------------------------------
def test_figure3_shows_the_papers_gaps(full: Any, drawn: Callable[[Path], Any]) -> None:
    """The six printed gaps stand in the first panel, each once."""
    titles = [t.text for t in drawn(full.folder / full.exhibits["figure3"].images[0]).iter(f"{SVG}title")]

    assert sorted(t for t in titles if t.startswith("paper")) == sorted(
        f"paper, Table 2: eng–{code}, {kind}: {TABLE2[kind][code][1]:.2f} points"
        for kind in TABLE2
        for code in ("swa", "urd")
    )


def test_figure3_without_english_has_nothing_of_the_paper(
    wide: Study,
    evidence_of: Callable[..., Evidence],
    changed: Callable[..., Study],
    drawn: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    """Gaps to another reference are not the paper's."""
    exhibit = figure3.compute(evidence_of(changed(wide, reference="urd"), seeds=2), tmp_path)

    assert not [
        t for t in drawn(tmp_path / exhibit.images[0]).iter(f"{SVG}title") if (t.text or "").startswith("paper")
    ]


# ---- the gap against CKA ------------------------------------------------------------------------------------
def test_within_is_that_of_table3(full: Any) -> None:
    """For the representation of Table 3 the correlation within pairs is its very estimate, interval and all."""
    within = full.exhibits["gap-cka"].data["correlations"]["phoneme"].within

    assert within == full.exhibits["table3"].data["within"]["cka", "spearman"]


def test_pooled_value_is_that_of_table3_with_an_interval_over_seeds(full: Any) -> None:
    """All points together have Table 3's pooled coefficient; the interval is over seeds."""
    pooled: Estimate = full.exhibits["gap-cka"].data["correlations"]["phoneme"].pooled

    assert pooled.value == full.exhibits["table3"].data["pooled"]["cka", "spearman"].value
    assert pooled.low < pooled.value < pooled.high
    assert pooled.n == 10


def test_points_are_those_of_the_measures(full: Any) -> None:
    """Each seed and pair of each representation is a point in the CSV, with the correlations after them."""
    records = full.exhibits["gap-cka"].records

    assert [r["what"] for r in records].count("point") == 3 * 2 * 5
    assert {r["what"] for r in records} == {"point", "rho of all points", "rho within pairs"}


# ---- learning -----------------------------------------------------------------------------------------------
def test_curves_are_means_over_languages_and_seeds(full: Any) -> None:
    """Mean, least and greatest seed of the score are those of the histories."""
    runs = full.evidence.runs_of(["ner"], ["phoneme"])
    seeds = [np.mean([r.history()[1]["dev_entity_f1"] for r in runs if r.seed == s]) for s in range(5)]

    row = next(r for r in full.exhibits["learning"].records
               if (r["task"], r["representation"], r["epoch"]) == ("ner", "phoneme", 2))  # fmt: skip

    assert (row["score_mean"], row["score_least"], row["score_greatest"]) == pytest.approx(
        (np.mean(seeds), min(seeds), max(seeds))
    )
    assert row["loss_mean"] == pytest.approx(0.5)
    assert (row["seeds"], row["runs"], row["metric"]) == (5, 15, "entity_f1")
    assert full.exhibits["learning"].data["ner/phoneme"] == {"chosen": {"1": 15}, "runs": 15}


def test_incomplete_seeds_are_left_out_of_curves(wide: Study, evidence_of: Callable[..., Evidence]) -> None:
    """A seed without one of the languages counts in what was chosen and not in the mean."""
    runs = evidence_of(wide, keep=lambda c, s: s < 4 or c.language != "kor").runs_of(["ner"], ["phoneme"])

    curve = learning.curve_of("ner", "phoneme", runs)

    assert isinstance(curve, learning.Curve)
    assert (curve.seeds, curve.runs, sum(curve.chosen.values())) == (4, 14, 14)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("epoch,train_loss\n1.0,0.5\n", "the histories have no column 'dev_entity_f1'"),
        ("epoch,train_loss\n1.0,many\n", "could not convert string to float"),
    ],
)
def test_histories_that_do_not_serve_are_named(
    content: str, said: str, wide: Study, evidence_of: Callable[..., Evidence]
) -> None:
    """A history without the score or damaged is told instead of a curve."""
    runs = evidence_of(wide, seeds=1).runs_of(["ner"], ["phoneme"])
    (runs[0].folder / "history.csv").write_text(content, encoding="utf-8")

    assert said in str(learning.curve_of("ner", "phoneme", runs))


def test_runs_may_stop_early(wide: Study, evidence_of: Callable[..., Evidence]) -> None:
    """An epoch counts where half of the runs have it, as the mean over those; one that fewer have is left out."""
    runs = evidence_of(wide, seeds=1).runs_of(["ner"], ["phoneme"])
    head = "epoch,train_loss,dev_entity_f1\n1.0,0.5,10.0\n"
    for run, more in zip(runs, ("", "2.0,0.4,20.0\n", "2.0,0.2,40.0\n3.0,0.1,50.0\n"), strict=True):
        (run.folder / "history.csv").write_text(head + more, encoding="utf-8")

    curve = learning.curve_of("ner", "phoneme", runs)

    assert isinstance(curve, learning.Curve)
    assert curve.epochs == (1, 2)
    assert curve.score.tolist() == [[10.0, 30.0]] * 3
    assert curve.loss[0] == pytest.approx([0.5, 0.3])


def test_runs_without_an_epoch_have_no_curve(wide: Study, evidence_of: Callable[..., Evidence]) -> None:
    """Histories without a row have no curve, and it is said."""
    runs = evidence_of(wide, seeds=1).runs_of(["ner"], ["phoneme"])
    for run in runs:
        (run.folder / "history.csv").write_text("epoch,train_loss,dev_entity_f1\n", encoding="utf-8")

    assert learning.curve_of("ner", "phoneme", runs) == "no epoch is in half of the histories"


def test_runs_that_name_no_metric_have_no_curve(wide: Study, evidence_of: Callable[..., Evidence]) -> None:
    """A record without metric and chosen epoch is told, not an error."""
    found = evidence_of(wide, seeds=1).runs_of(["ner"], ["phoneme"])
    without = {"primary", "best_epoch"}
    runs = [replace(r, record={k: v for k, v in r.record.items() if k not in without}) for r in found]

    assert learning.curve_of("ner", "phoneme", runs) == "the histories have no column 'dev_'"


# ---- layers, audit ------------------------------------------------------------------------------------------
def test_layer_figure_draws_the_table(full: Any) -> None:
    """Its records are the before and after of the table of layers."""
    table = [r for r in full.exhibits["layers"].records if r["measure"] != "change"]
    picture = full.exhibits["layer-curves"].records

    keys = ("task", "representation", "layer", "measure", "value", "low", "high")
    assert [tuple(r[k] for k in keys) for r in picture] == [tuple(r[k] for k in keys) for r in table]


def test_audit_figure_has_phones_a_word(full: Any) -> None:
    """Phones a word are segments over running words; lengths are those that were prepared."""
    row = full.exhibits["g2p-audit"].records[0]

    assert row["phones_per_word"] == pytest.approx(300 / 70)
    assert (row["units_subword"], row["unknown_segments"], row["unknown_words"]) == (20.0, 1.0, 2.5)


def test_audit_figure_without_counts(full: Any, tmp_path: Path) -> None:
    """An audit that counted nothing has empty panels, and NaN in the CSV."""
    bare = [{"language": "eng", "representation": "phoneme", "backend": "none", "unknown_segments": None}]
    exhibit = g2p_figure.compute(replace(full.evidence, prepared={**full.evidence.prepared, "g2p": bare}), tmp_path)

    assert exhibit.images
    assert np.isnan(exhibit.records[0]["phones_per_word"])
    assert "unknown" not in exhibit.alt.split("shares")[1]
