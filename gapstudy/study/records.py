"""The parts of a study file, each a frozen record with its units and ranges.

Paper: section 3 (tasks, languages, models), section 3.5 and Table 5 (hyper-parameters).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gapstudy.languages import language

__all__ = [
    "METRICS",
    "TASKS",
    "Analysis",
    "CorpusName",
    "DataSource",
    "Hyper",
    "LanguageCode",
    "Languages",
    "Override",
    "Places",
    "Pretraining",
    "Randomness",
    "Record",
    "Representation",
    "Sweep",
    "Task",
    "TaskName",
]

TASKS = ("xnli", "ner", "pos")
METRICS = {
    "xnli": ("accuracy",),
    "ner": ("entity_f1", "token_macro_f1", "char_macro_f1"),
    "pos": ("accuracy", "macro_f1", "char_macro_f1"),
}
_COMMIT = re.compile("[0-9a-f]{40}")


def _known_language(code: str) -> str:
    return language(code).code


def _known_task(name: str) -> str:
    if name not in TASKS:
        msg = f"unknown task {name!r}; valid: {', '.join(TASKS)}"
        raise ValueError(msg)
    return name


def _known_corpus(name: str) -> str:
    if name not in (*TASKS, "parallel"):
        msg = f"unknown corpus {name!r}; valid: {', '.join(TASKS)}, parallel"
        raise ValueError(msg)
    return name


def _known_layer(name: str) -> str:
    if name not in {"input", "last"} and not re.fullmatch("[1-9][0-9]?", name):
        msg = f'unknown layer {name!r}; valid: input, last, or the number of a layer in quotes ("1" is the first)'
        raise ValueError(msg)
    return name


def _commit(revision: str) -> str:
    if revision and not _COMMIT.fullmatch(revision):
        msg = f"{revision!r} is not a commit; give its 40 hexadecimal digits: a branch or tag may change"
        raise ValueError(msg)
    return revision


TaskName = Annotated[str, AfterValidator(_known_task)]
CorpusName = Annotated[str, AfterValidator(_known_corpus)]
Layer = Annotated[str, AfterValidator(_known_layer)]
Commit = Annotated[str, AfterValidator(_commit)]
LanguageCode = Annotated[str, AfterValidator(_known_language)]
Languages = Annotated[tuple[LanguageCode, ...], Field(min_length=1, strict=False)]  # TOML has lists, not tuples


class Record(BaseModel):
    """Frozen; unknown keys, values of another type (``seeds = "3"``), infinities and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Hyper(Record):
    """What training does; learning rates and decays as AdamW takes them."""

    epochs: int = Field(20, ge=1, le=10_000)
    batch_size: int = Field(128, ge=1)
    learning_rate: float = Field(1e-5, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = Field(0.0, ge=0, lt=1, description="share of the steps over which the rate rises from 0")
    gradient_clip: float = Field(1.0, gt=0)
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread over all labels; 0: none")
    patience: int = Field(0, ge=0, description="stop after so many epochs without a better dev score; 0: never")
    dropout: float = Field(0.1, ge=0, lt=1, description="before the task head")
    pooling: Literal["cls", "mean"] = "cls"
    max_length: int = Field(128, ge=8, description="units an example, special ones included; longer ones are cut")


class Override(Record):
    """Hyper-parameters of one representation and/or language, as in Table 5."""

    representation: str | None = None
    language: LanguageCode | None = None
    learning_rate: float | None = Field(None, gt=0)
    weight_decay: float | None = Field(None, ge=0)
    schedule: Literal["cosine", "linear", "constant"] | None = None
    epochs: int | None = Field(None, ge=1)
    batch_size: int | None = Field(None, ge=1)
    max_length: int | None = Field(None, ge=8)

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters that are set."""
        return self.model_dump(exclude_none=True, exclude={"representation", "language"})


class Sweep(Record):
    """The grid of ``gapstudy sweep``; an empty list keeps the task's own value. Table 5."""

    learning_rates: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False)] = ()
    weight_decays: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(strict=False)] = ()
    schedules: Annotated[tuple[Literal["cosine", "linear", "constant"], ...], Field(strict=False)] = ()
    seeds: int = Field(1, ge=1, description="runs a point of the grid; the mean of their dev scores decides")


class Task(Record):
    """One task: where it is run, on how much data, and how it is trained."""

    languages: Languages
    representations: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    primary: str = ""
    max_seeds: int | None = Field(None, ge=1, description="at most this many seeds, whatever --n says")
    train_fraction: float = Field(1.0, gt=0, le=1)
    sentence_layer: Layer = "input"
    source_language: LanguageCode = "eng"
    hyper: Hyper = Hyper()
    override: Annotated[tuple[Override, ...], Field(strict=False)] = ()
    sweep: Sweep | None = None

    def hyper_of(self, representation: str, language: str) -> Hyper:
        """Return the hyper-parameters of a cell: the task's, changed by every override that matches, in order."""
        hyper = self.hyper
        for o in self.override:
            if o.representation in {None, representation} and o.language in {None, language}:
                hyper = hyper.model_copy(update=o.values())
        return hyper


class Representation(Record):
    """How text becomes input units, and the encoder that reads them.

    ``model`` is "small" (pre-trained by the study itself), the folder of a Hugging Face model (absolute, or starting
    with ``.``, ``~`` or a ``$VARIABLE``; relative ones start at the study file), or the id of one on the hub with its
    ``revision``. ``words`` says what a word's label is read from in NER and POS: its first unit, the mean over its
    units, or each of its units when training and the first when predicting (the form of character-level taggers).
    """

    kind: Literal["subword", "character", "phoneme"]
    model: str = Field("small", min_length=1)
    revision: Commit = ""
    words: Literal["first", "mean", "all"] = "first"
    g2p: Literal["faithful", "normalised", "harmonised"] = "normalised"
    english: Literal["cmudict", "flite"] = "cmudict"

    @property
    def place(self) -> Literal["small", "folder", "hub"]:
        """Where the encoder comes from."""
        if self.model == "small":
            return "small"
        return "folder" if self.model[0] in "./~$\\" or Path(self.model).is_absolute() else "hub"


class Randomness(Record):
    """What differs from run to run (Dodge et al. 2020, arXiv:2002.06305).

    ``"run"``: drawn from the run's own seed. A number: the same draw in every run.
    ``subset``: ``"study"`` draws one training subset for all runs, ``"run"`` one for each.
    """

    init: Literal["run"] | Annotated[int, Field(ge=0)] = "run"
    order: Literal["run"] | Annotated[int, Field(ge=0)] = "run"
    dropout: Literal["run"] | Annotated[int, Field(ge=0)] = "run"
    subset: Literal["study", "run"] = "study"


class Pretraining(Record):
    """The small encoders: BERT-shaped, equal in size, different only in their input units."""

    text: Literal["builtin", "train"] = "builtin"
    vocabulary_size: int = Field(2048, ge=64, le=1_000_000)
    hidden_size: int = Field(64, ge=8)
    layers: int = Field(2, ge=1)
    heads: int = Field(2, ge=1)
    intermediate_size: int = Field(128, ge=8)
    max_length: int = Field(192, ge=16, le=8192)
    steps: int = Field(1200, ge=0)
    batch_size: int = Field(16, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    mask: float = Field(0.3, gt=0, lt=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads:
            msg = f"hidden_size {self.hidden_size} is not a multiple of heads {self.heads}"
            raise ValueError(msg)
        return self


class Places(Record):
    """The files of a corpus. A task has train, dev and test; the parallel corpus has text.

    Paths may hold ``{code}``, ``{iso1}``, ``{flores}`` (from :mod:`gapstudy.languages`) and ``$VARIABLES``; relative
    ones start at the study file, or at the top of the repository on the hub. ``path[10:20]`` is its examples 10 to 19.
    """

    train: str = ""
    dev: str = ""
    test: str = ""
    text: str = ""


class DataSource(Places):
    """Where a corpus is: in the package, in local files, or in a data set on the Hugging Face hub.

    ``dataset`` and ``revision`` name the data set on the hub and its commit. ``columns`` says what the columns of a
    file are called where that cannot be told from their names: ours to theirs, as in ``{premise = "sentence1"}``.
    ``languages`` holds other files for single languages.
    """

    source: Literal["builtin", "local", "hub"] = "builtin"
    dataset: str = ""
    revision: Commit = ""
    columns: dict[str, str] = Field(default_factory=dict)
    languages: dict[LanguageCode, Places] = Field(default_factory=dict)

    def places(self, language: str) -> Places:
        """Return the files of one language: its own where it has some, the others' templates otherwise."""
        own = self.languages.get(language, Places()).model_dump()
        return Places(**{key: value or getattr(self, key) for key, value in own.items()})


class Analysis(Record):
    """What the statistics do."""

    reference: LanguageCode = "eng"
    resamples: int = Field(1000, ge=50)
    level: float = Field(0.95, gt=0.5, lt=1)
    delta: float = Field(0.05, gt=0, lt=1)
    sinkhorn_reg: float = Field(0.05, gt=0)
    sinkhorn_cost: Literal["euclidean", "sqeuclidean"] = "euclidean"
    sinkhorn_space: Literal["probabilities", "logits"] = "probabilities"
    figure1: Languages = ("eng", "kor")
    tsne: Annotated[tuple[LanguageCode, ...], Field(min_length=2, strict=False)] = ("eng", "rus", "kor", "fin", "hin")
    correlate: str = Field("", description="the representation of Table 3; empty: the first phoneme one")
