"""What the CKA values rest on (the checks), and Figure 2, which shows them by pair."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from gapstudy.exhibits import cka_checks, figure2, figure2_drawing
from gapstudy.exhibits.evidence import Evidence
from gapstudy.exhibits.figure2_drawing import Panel, draw, luminance, ramp
from gapstudy.stats import EstimateMatrix
from gapstudy.study import Study

TOKEN = ("eng", "kor", "fin")


def plain(x: Any, y: Any) -> float:
    """Linear CKA from features, as Kornblith et al. define it."""
    x, y = (np.asarray(v, np.float64) - np.mean(v, axis=0, dtype=np.float64) for v in (x, y))
    norm = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(x.T @ y) ** 2 / norm)


def hsic1(K: Any, L: Any) -> float:
    """The unbiased estimator of Song et al. (2012), term by term."""
    n = len(K)
    K, L = (M - np.diag(np.diag(M)) for M in (K, L))
    one = np.ones(n)
    middle = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return float((np.trace(K @ L) + middle - 2 / (n - 2) * (one @ K @ L @ one)) / (n * (n - 3)))


def debiased(x: Any, y: Any) -> float:
    """CKA of unbiased estimators."""
    K, L = (np.asarray(v, np.float64) @ np.asarray(v, np.float64).T for v in (x, y))
    return hsic1(K, L) / float(np.sqrt(hsic1(K, K) * hsic1(L, L)))


def mean_over_pairs(measure: Callable[[Any, Any], float], features: list[Any]) -> float:
    """Return the mean over unordered pairs."""
    return float(np.mean([measure(x, y) for x, y in combinations(features, 2)]))


@pytest.fixture(scope="module")
def vectors(full: Any) -> Callable[[str, int], list[Any]]:
    """Read the input-layer vectors of the NER character runs from their files."""
    folders = {(r.cell.language, r.seed): r.folder for r in full.evidence.runs_of(["ner"], ["character"])}

    def read(layer: str, seed: int) -> list[Any]:
        return [load_file(folders[c, seed] / "embeddings.safetensors")[f"{c}/{layer}"] for c in TOKEN]

    return read


@pytest.fixture(scope="module")
def parallel(full: Any) -> dict[str, Any]:
    """What was prepared of the parallel corpus."""
    return dict(load_file(full.evidence.parallel))


# ---- the checks -------------------------------------------------------------------------------------------
def test_plain_and_debiased_by_hand(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """Both are means over pairs of the first common seed, from the formulas of Kornblith and of Song."""
    line = full.exhibits["cka-checks"].data["ner/character"]

    assert line["plain"].value == pytest.approx(mean_over_pairs(plain, vectors("input", 0)), rel=1e-6)
    assert line["debiased"].value == pytest.approx(mean_over_pairs(debiased, vectors("input", 0)), rel=1e-6)


def test_noise_floor_is_the_mean_of_shuffles(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """The floor is what plain CKA averages when sentences are shuffled on one side."""
    rng = np.random.default_rng(0)
    features = vectors("input", 0)

    shuffled = [mean_over_pairs(lambda x, y: plain(x, y[rng.permutation(len(y))]), features) for _ in range(200)]

    floor = full.exhibits["cka-checks"].data["ner/character"]["floor"].value
    assert floor == pytest.approx(np.mean(shuffled), abs=5 * np.std(shuffled) / np.sqrt(200))


def test_ceiling_is_two_seeds_of_a_language(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """The ceiling compares the first two seeds of each language."""
    expected = np.mean([debiased(x, y) for x, y in zip(vectors("input", 0), vectors("input", 1), strict=True)])

    assert full.exhibits["cka-checks"].data["ner/character"]["ceiling"].value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("task", "layer"), [("ner", "input"), ("xnli", "last")])
def test_before_training_is_of_the_same_layer(full: Any, parallel: dict[str, Any], task: str, layer: str) -> None:
    """The encoder before fine-tuning is compared at the layer the task uses."""
    codes = full.evidence.study.tasks[task].languages

    expected = mean_over_pairs(debiased, [parallel[f"character/{c}/{layer}"] for c in codes])

    assert full.exhibits["cka-checks"].data[f"{task}/character"]["before"].value == pytest.approx(expected, rel=1e-6)


def test_bag_of_symbols_counts_units(full: Any, parallel: dict[str, Any]) -> None:
    """The baseline without a model is CKA of the counts of input units a sentence."""
    bags = []
    for code in TOKEN:
        ids, starts = (parallel[f"character/{code}/{what}"] for what in ("ids", "starts"))
        sentences = [ids[a:b] for a, b in pairwise(starts)]
        bags.append(np.array([np.bincount(s, minlength=40) for s in sentences]))

    found = full.exhibits["cka-checks"].data["ner/character"]["symbols"].value

    assert found == pytest.approx(mean_over_pairs(debiased, bags), rel=1e-6)


def test_length_removed_regresses_sentence_length(
    full: Any, parallel: dict[str, Any], vectors: Callable[[str, int], list[Any]]
) -> None:
    """Sentence length and its intercept are projected out of both sides."""
    rest = []
    for code, x in zip(TOKEN, vectors("input", 0), strict=True):
        design = np.column_stack([np.ones(40), np.diff(parallel[f"character/{code}/starts"])])
        rest.append(x - design @ np.linalg.lstsq(design, x.astype(np.float64), rcond=None)[0])

    found = full.exhibits["cka-checks"].data["ner/character"]["length"].value

    assert found == pytest.approx(mean_over_pairs(debiased, rest), rel=1e-5)


def test_length_alone_is_seen_through(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """Vectors that hold nothing but sentence length and noise agree until length is removed."""
    evidence = evidence_of(micro, seeds=1)
    rng = np.random.default_rng(5)
    shared = rng.integers(5, 15, 40)
    for run in evidence.runs_of(["xnli"]):
        key = f"{run.cell.language}/last"
        rewrite([run], embeddings=lambda _, key=key: {
            key: (3.0 * shared[:, None] + rng.normal(size=(40, 6))).astype(np.float32)})  # fmt: skip
    from gapstudy.store import write_arrays

    arrays = dict(load_file(evidence.parallel))
    starts = np.concatenate([[0], np.cumsum(shared)]).astype(np.int32)
    arrays |= {f"phoneme/{c}/starts": starts for c in ("eng", "swa")}
    arrays |= {f"phoneme/{c}/ids": np.zeros(int(shared.sum()), np.int32) for c in ("eng", "swa")}
    write_arrays(evidence.parallel, arrays)

    line = cka_checks._line(evidence, "xnli", "phoneme")

    assert line is not None
    assert line["debiased"].value > 0.95
    assert abs(line["length"].value) < 0.3


def test_one_seed_has_no_ceiling_and_says_so(
    evidence_of: Callable[..., Evidence], micro: Study, row_of: Callable[..., Any]
) -> None:
    """With one seed the ceiling is a dash and is named as lacking; the other columns stand."""
    exhibit = cka_checks.compute(evidence_of(micro, seeds=1))

    assert "xnli: phoneme lacks two seeds" in exhibit.missing
    row = row_of(exhibit, "phoneme", "XNLI")
    assert [c.text == "–" for c in row[1:]] == [column == 6 for column in range(10)]


def test_without_the_prepared_corpus_baselines_are_dashes(evidence_of: Callable[..., Evidence], micro: Study) -> None:
    """When parallel.safetensors is gone, what needs it is named and the rest is computed."""
    evidence = evidence_of(micro)
    evidence.parallel.unlink()

    exhibit = cka_checks.compute(evidence)

    assert "xnli: phoneme lacks before training, bag of symbols, length removed" in exhibit.missing
    assert exhibit.data["xnli/phoneme"]["debiased"].value > 0


def test_names_what_has_no_common_seed(evidence_of: Callable[..., Evidence], wide: Study) -> None:
    """A representation without a seed in two languages has no row, and is named."""
    exhibit = cka_checks.compute(evidence_of(wide, keep=lambda c, _: c.task == "ner" and c.language == "eng"))

    assert exhibit.table is None
    assert "ner: phoneme has no seed that is finished in all of its languages, and at least two" in exhibit.missing


def test_pairs_above_the_null_are_counted(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """The count is of pairs whose Holm-corrected p is at most 5 %; the made-up languages share so much that all are."""
    line = full.exhibits["cka-checks"].data["ner/character"]

    assert (line["above"].value, line["above"].n) == (3, 3)
    assert line["p"].value == pytest.approx(1 / 1000)
    assert "999 permutations" in line["p"].method
    assert len(vectors("input", 0)[0]) * 25 == 1000  # whole orbits of 40 sentences


def test_unrelated_languages_are_not_above_the_null(
    evidence_of: Callable[..., Evidence], micro: Study, rewrite: Callable[..., None]
) -> None:
    """Vectors of pure noise have no pair above the null and a p-value that says so."""
    evidence = evidence_of(micro, seeds=1)
    rng = np.random.default_rng(5)
    for run in evidence.runs_of(["xnli"]):
        key = f"{run.cell.language}/last"
        rewrite([run], embeddings=lambda _, key=key: {key: rng.normal(size=(40, 6)).astype(np.float32)})

    line = cka_checks._line(evidence, "xnli", "phoneme")

    assert line is not None
    assert (line["above"].value, line["above"].n) == (0, 1)
    assert line["p"].value > 0.05
    assert line["debiased"].low < 0 < line["debiased"].high


def test_intervals_are_the_jackknifes(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """Ends are t quantiles of the spread of the means recomputed without each sentence."""
    features = vectors("input", 0)
    without = [mean_over_pairs(debiased, [np.delete(f, i, axis=0) for f in features]) for i in range(40)]

    found = full.exhibits["cka-checks"].data["ner/character"]["debiased"]

    assert (found.high - found.low) / 2 == pytest.approx(2.0227 * np.sqrt(39 * np.var(without)), rel=1e-4)


def test_trimmed_leaves_the_most_influential_sentence_out(full: Any, vectors: Callable[[str, int], list[Any]]) -> None:
    """Of forty sentences one goes: that without which the mean is smallest."""
    features = vectors("input", 0)
    without = [mean_over_pairs(debiased, [np.delete(f, i, axis=0) for f in features]) for i in range(40)]

    found = full.exhibits["cka-checks"].data["ner/character"]["trimmed"].value

    assert found == pytest.approx(min(without), rel=1e-6)


def test_rows_print_the_data(full: Any, row_of: Callable[..., Any]) -> None:
    """Each value stands in its column with three decimals and its interval, below the task and its layer."""
    exhibit = full.exhibits["cka-checks"]
    row = row_of(exhibit, "phoneme", "XNLI (last layer)")

    line = exhibit.data["xnli/phoneme"]
    keys = ("plain", "floor", "debiased", "above", "p", "trimmed", "ceiling", "before", "symbols", "length")
    for key, cell in zip(keys, row[1:], strict=True):
        if key not in {"above", "p"}:
            assert cell.text == f"{line[key].value:.3f}"
            assert bool(cell.interval) == (key not in {"floor", "trimmed"})
    assert row[4].text == "3 of 3"
    assert [h.text for h in exhibit.table.header[1]][1:3] == ["plain", "noise floor"]


# ---- Figure 2 ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("representation", ["character", "phoneme"])
def test_heat_map_is_mean_debiased_cka(full: Any, representation: str) -> None:
    """Each cell is debiased CKA of a pair, averaged over the seeds, from the files."""
    folders = {(r.cell.language, r.seed): r.folder for r in full.evidence.runs_of(["ner"], [representation])}
    read = {k: load_file(f / "embeddings.safetensors")[f"{k[0]}/input"] for k, f in folders.items()}

    for record in full.exhibits["figure2"].records:
        if record["representation"] == representation:
            values = [debiased(read[record["a"], s], read[record["b"], s]) for s in range(5)]
            assert record["cka"] == pytest.approx(np.mean(values), rel=1e-6)
    assert len(full.exhibits["figure2"].records) == 2 * 3
    assert full.exhibits["figure2"].data["languages"] == list(TOKEN)


def panels(upper: float, lower: float, n: int) -> dict[str, Panel]:
    """Two representations whose matrices hold one value each."""
    nan = np.full((n, n), np.nan)
    return {
        name: Panel(name, EstimateMatrix(np.full((n, n), value), nan, nan, 0.95, 1, 0, "made up"), {"eng": np.eye(2)})
        for name, value in (("character", upper), ("phoneme", lower))
    }


def test_triangles_are_not_swapped(tmp_path: Path, drawn: Callable[[Path], Any]) -> None:
    """The first representation is above the diagonal, the second below it; the diagonal has no cell."""
    path = tmp_path / "figure2.svg"
    draw(path, panels(0.9, 0.1, 3), ("eng", "kor", "fin"))

    titles = [e.text for e in drawn(path).iter("{http://www.w3.org/2000/svg}title")]
    assert [t for t in titles if "CKA" in t] == [
        "eng–kor, character: CKA 0.900, 1 seed", "eng–fin, character: CKA 0.900, 1 seed",
        "kor–eng, phoneme: CKA 0.100, 1 seed", "kor–fin, character: CKA 0.900, 1 seed",
        "fin–eng, phoneme: CKA 0.100, 1 seed", "fin–kor, phoneme: CKA 0.100, 1 seed",
    ]  # fmt: skip


def test_darker_is_more_similar() -> None:
    """The larger a value, the darker its colour, in even steps of lightness, and its letters have a contrast of 4.5."""
    colours = ramp(np.linspace(0, 1, 21))
    luminances = np.array([luminance(c) for c in colours])
    lightness = 116 * np.cbrt(luminances) - 16

    assert np.diff(lightness) == pytest.approx(np.full(20, np.diff(lightness).mean()), abs=0.35)
    assert lightness[0] > 90
    assert lightness[-1] < 25
    for colour, light in zip(colours, luminances, strict=True):
        ink = {"white": 1.0, "black": 0.0}[figure2_drawing._on(colour)]
        assert (max(light, ink) + 0.05) / (min(light, ink) + 0.05) >= 4.5


def test_the_figure_is_svg_of_every_sentence(full: Any, drawn: Callable[[Path], Any]) -> None:
    """The panels show each sentence of the two chosen languages, and the file holds neither date nor metadata."""
    svg = drawn(full.folder / full.exhibits["figure2"].images[0])

    uses = list(svg.iter("{http://www.w3.org/2000/svg}use"))
    assert len(uses) >= 2 * 2 * 40
    assert not list(svg.iter("{http://purl.org/dc/elements/1.1/}date"))


def test_caption_says_task_layer_and_seeds(full: Any) -> None:
    """What is drawn is said: the task, the layer, the seeds behind each triangle."""
    exhibit = full.exhibits["figure2"]

    assert exhibit.caption.startswith("Named-entity recognition models, input layer.")
    assert "mean over 5 seeds (character) and 5 seeds (phoneme)" in exhibit.method


def test_the_next_token_task_is_taken(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path) -> None:
    """Without NER runs the figure shows POS tagging."""
    evidence = evidence_of(wide, keep=lambda c, _: c.task == "pos")

    assert figure2.compute(evidence, tmp_path).data["task"] == "pos"


def test_a_language_of_one_representation_alone_is_left_out(
    evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path
) -> None:
    """The figure shows the languages that both representations have, and names the others."""
    gone = ("phoneme", "kor")
    evidence = evidence_of(wide, keep=lambda c, _: c.task == "ner" and (c.representation, c.language) != gone)

    exhibit = figure2.compute(evidence, tmp_path)

    assert exhibit.data["languages"] == ["eng", "fin"]
    assert exhibit.missing == ("ner has no runs of both representations in kor",)


def test_seeds_that_do_not_meet_are_said(evidence_of: Callable[..., Evidence], wide: Study, tmp_path: Path) -> None:
    """Where no seed is common to all languages the first of each is compared, and the caption says so."""
    evidence = evidence_of(
        wide,
        keep=lambda c, s: c.task == "ner" and (c.representation == "character" or (s == 0) == (c.language == "eng")),
    )

    exhibit = figure2.compute(evidence, tmp_path)

    assert exhibit.data["seeds"] == {"character": [0, 1, 2, 3, 4], "phoneme": []}
    assert "5 seeds (character) and the first seed of each language (phoneme)" in exhibit.method


def test_without_two_representations_no_old_figure_stays(
    evidence_of: Callable[..., Evidence], micro: Study, tmp_path: Path
) -> None:
    """A study with one representation has no Figure 2: an earlier one goes, and the reason stands there."""
    old = tmp_path / "figures" / "figure2.svg"
    old.parent.mkdir()
    old.write_text("<svg/>", encoding="utf-8")

    exhibit = figure2.compute(evidence_of(micro), tmp_path)

    assert not old.exists()
    assert exhibit.missing == ("it needs a token task with two representations and two languages in common",)
    assert exhibit.caption.startswith("Token tasks.")
