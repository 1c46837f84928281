"""The parts of a study file, each a frozen record with its units and ranges.

Paper: section 3 (tasks, languages, models), section 3.5 and Table 5 (hyper-parameters).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gapstudy.languages import LANGUAGES

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
    "Pretraining",
    "Record",
    "Representation",
    "Task",
    "TaskName",
]

TASKS = ("xnli", "ner", "pos")
METRICS = {"xnli": ("accuracy",), "ner": ("entity_f1", "token_macro_f1"), "pos": ("accuracy", "macro_f1")}


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        msg = f"unknown language {code!r}; valid: {', '.join(LANGUAGES)}"
        raise ValueError(msg)
    return code


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


TaskName = Annotated[str, AfterValidator(_known_task)]
CorpusName = Annotated[str, AfterValidator(_known_corpus)]
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

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters that are set."""
        return self.model_dump(exclude_none=True, exclude={"representation", "language"})


class Task(Record):
    """One task: where it is run, on how much data, and how it is trained."""

    languages: Languages
    representations: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    primary: str = ""
    max_seeds: int | None = Field(None, ge=1, description="at most this many seeds, whatever --n says")
    train_fraction: float = Field(1.0, gt=0, le=1)
    sentence_layer: Literal["input", "last"] = "input"
    source_language: LanguageCode = "eng"
    hyper: Hyper = Hyper()
    override: Annotated[tuple[Override, ...], Field(strict=False)] = ()

    def hyper_of(self, representation: str, language: str) -> Hyper:
        """Return the hyper-parameters of a cell: the task's, changed by every override that matches, in order."""
        hyper = self.hyper
        for o in self.override:
            if o.representation in {None, representation} and o.language in {None, language}:
                hyper = hyper.model_copy(update=o.values())
        return hyper


class Representation(Record):
    """How text becomes input units, and the encoder that reads them."""

    kind: Literal["subword", "character", "phoneme"]
    model: Literal["small"] = "small"
    g2p: Literal["faithful", "normalised"] = "normalised"
    english: Literal["cmudict", "flite"] = "cmudict"


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


class DataSource(Record):
    """Where a corpus is: in the package, or in local files.

    Paths may hold ``{code}``, ``{iso1}``, ``{flores}`` (from :mod:`gapstudy.languages`) and ``$VARIABLES``;
    relative ones start at the study file. A task has train, dev and test; the parallel corpus has text.
    """

    source: Literal["builtin", "local"] = "builtin"
    train: str = ""
    dev: str = ""
    test: str = ""
    text: str = ""


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
