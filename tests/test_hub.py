"""The hub: a real huggingface_hub against a hub on the loopback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gapstudy.corpora import load_corpora
from gapstudy.data import load_parallel, load_task
from gapstudy.errors import DataError, HubError
from gapstudy.hub import SUFFIXES, matching, snapshot
from gapstudy.study import DataSource, Places, Study
from tests.hubserver import Hub

pytestmark = pytest.mark.train

COMMIT, OTHER = "0123456789abcdef" * 2 + "01234567", "f" * 40
Fetch = Callable[..., Path]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one data set, and an empty cache of its own."""
    folder = tmp_path / "repository"
    for code, word in (("en", "a"), ("sw", "b")):
        (folder / code).mkdir(parents=True)
        for shard in range(2):
            (folder / code / f"test-0000{shard}-of-2.txt").write_text(f"{word} {shard}\n", encoding="utf-8")
    (folder / "code.py").write_text("raise SystemExit\n", encoding="utf-8")
    (folder / "weights.bin").write_bytes(b"\x80")
    for name in ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    with Hub() as found:
        found.add("dataset", "me/data", folder, commit=COMMIT)
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


def fetch(pattern: str, *, repo: str = "me/data", revision: str = COMMIT) -> Path:
    """Fetch from a data set."""
    return snapshot(repo, kind="dataset", revision=revision, patterns=[pattern])


def downloads(hub: Hub) -> list[str]:
    """The files that were sent."""
    return sorted(r.split(f"{COMMIT}/")[1] for r in hub.requests if r.startswith("GET") and "/resolve/" in r)


# ---- what comes, and when --------------------------------------------------------------------------------------------
def test_only_matching_files_are_downloaded(hub: Hub) -> None:
    """Of a repository with code and pickles, the files that match come, at the commit, and no others."""
    folder = fetch("en/test-*.txt")
    names = ["en/test-00000-of-2.txt", "en/test-00001-of-2.txt"]
    assert downloads(hub) == names
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == names
    assert matching(folder, ["en/*1-of-2.txt", "en/*.txt"]) == [folder / names[1], folder / names[0]]
    assert (folder / names[0]).read_text(encoding="utf-8") == "a 0\n"


def test_what_is_cached_needs_no_network(hub: Hub) -> None:
    """A second call asks nobody, offline or with the hub gone; another pattern downloads what it lacks."""
    fetch("en/*.txt")
    asked = len(hub.requests)
    folder = fetch("en/*.txt")
    assert folder == fetch("en/test-*.txt")
    assert len(hub.requests) == asked
    fetch("*/test-00000*.txt")
    assert downloads(hub) == ["en/test-00000-of-2.txt", "en/test-00001-of-2.txt", "sw/test-00000-of-2.txt"]
    hub.close()
    assert fetch("en/*.txt") == folder


def test_models_are_fetched_too(hub: Hub, tmp_path: Path) -> None:
    """A model's configuration and weights come as a folder."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    (model / "model.safetensors").write_bytes(b"\0" * 100_000)
    hub.add("model", "me/model", model, commit=COMMIT)
    folder = snapshot("me/model", kind="model", revision=COMMIT, patterns=["*.json", "*.safetensors"])
    assert json.loads((folder / "config.json").read_text(encoding="utf-8")) == {"model_type": "bert"}
    assert (folder / "model.safetensors").stat().st_size == 100_000


def test_what_is_optional_may_be_absent(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optional files come where they are there; offline a cache without them, made by whatever tool, is enough."""

    def both(*optional: str) -> list[str]:
        folder = snapshot("me/data", kind="dataset", revision=COMMIT, patterns=["en/*.txt"], optional=optional)
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.txt"))

    english = ["en/test-00000-of-2.txt", "en/test-00001-of-2.txt"]
    assert both("sw/*0-of-2.txt", "none.json") == [*english, "sw/test-00000-of-2.txt"]
    asked = len(hub.requests)
    both("sw/*0-of-2.txt", "none.json")
    assert len(hub.requests) == asked
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert both("other.json") == [*english, "sw/test-00000-of-2.txt"]
    assert len(hub.requests) == asked


def test_nothing_but_the_files_is_asked_for(hub: Hub) -> None:
    """Every request of a fresh process is about the repository: none describes the caller."""
    code = (
        "import sys; from gapstudy.hub import snapshot; "
        "snapshot('me/data', kind='dataset', revision=sys.argv[1], patterns=['en/*.txt'])"
    )
    subprocess.run([sys.executable, "-c", code, COMMIT], check=True, capture_output=True)
    assert len(downloads(hub)) == 2
    assert [request for request in hub.requests if "me/data" not in request] == []


def test_the_cache_can_be_named(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_HUB_CACHE is where the files go, whenever it is set."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert fetch("en/*.txt").is_relative_to(tmp_path / "elsewhere")
    assert downloads(hub)


# ---- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("revision", ["main", "", "v1.0", COMMIT[:12], COMMIT.upper(), COMMIT + "0"])
def test_only_commits_are_revisions(hub: Hub, revision: str) -> None:
    """Branches, tags and short hashes may change; nothing is asked of the hub."""
    with pytest.raises(HubError, match=f"data set 'me/data': revision '{revision}' is not a commit; give its 40 hex"):
        fetch("en/*.txt", revision=revision)
    assert hub.requests == []


@pytest.mark.parametrize(
    "pattern",
    [
        "code.py",
        "weights.bin",
        "*",
        "**",
        "en/*",
        "en/",
        "*.pt",
        "*.pkl",
        "*.pickle",
        "*.tx[t]",
        "*.txt*",
        "*.tar.gz",
        "x.gz",
        "*.ckpt",
        "*.json/",
    ],
)
def test_what_could_run_code_is_refused(hub: Hub, pattern: str) -> None:
    """Patterns must end in a harmless extension, so that they can match nothing else."""
    with pytest.raises(HubError, match=r"is not fetched; a pattern must end in \.parquet, .* code and pickles can do"):
        fetch(pattern)
    assert hub.requests == []


def test_every_harmless_extension_is_accepted(hub: Hub, tmp_path: Path) -> None:
    """Tables, text, configurations and safetensors come, text also compressed."""
    files = [*(f"x{suffix}" for suffix in SUFFIXES), "x.txt.gz", "x.conllu.gz", "x.jsonl.gz"]
    folder = tmp_path / "kinds"
    folder.mkdir()
    for name in files:
        (folder / name).write_bytes(b"x")
    hub.add("dataset", "me/kinds", folder, commit=COMMIT)
    found = snapshot("me/kinds", kind="dataset", revision=COMMIT, patterns=files)
    assert sorted(p.name for p in found.iterdir()) == sorted(files)


@pytest.mark.parametrize("pattern", ["../x.txt", "a/../../x.txt", "/etc/x.txt"])
def test_a_pattern_stays_in_the_repository(hub: Hub, pattern: str) -> None:
    """No path leads out of it."""
    with pytest.raises(HubError, match="is not a path inside the repository"):
        fetch(pattern)
    assert hub.requests == []


# ---- what goes wrong -------------------------------------------------------------------------------------------------
def test_a_repository_that_is_not_there(hub: Hub) -> None:
    """The message names it, the hub, and that it may be private."""
    with pytest.raises(
        HubError, match=f"data set 'me/none' does not exist at {hub.url}, or is private: check the id, or log"
    ):
        fetch("x.txt", repo="me/none")
    with pytest.raises(HubError, match="model 'me/data' does not exist"):
        snapshot("me/data", kind="model", revision=COMMIT, patterns=["x.txt"])
    with pytest.raises(HubError, match="'a/b/c' is not the id of a repository on the hub: "):
        fetch("x.txt", repo="a/b/c")


def test_a_commit_that_is_not_there(hub: Hub) -> None:
    """The message names it and where the commits are listed."""
    with pytest.raises(
        HubError, match=f"data set 'me/data' has no commit {OTHER}; its commits are listed at {hub.url}/datasets/me"
    ):
        fetch("en/*.txt", revision=OTHER)


def test_a_gated_repository(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where to accept the terms and how to log in; with the token the files come."""
    hub.add("dataset", "me/gated", tmp_path / "repository", commit=COMMIT, gated=True)
    message = rf"data set 'me/gated' is gated \(as FLORES\+.*accept its terms at {hub.url}/datasets/me/gated while .*\n.*hf auth login.*HF_TOKEN"
    for token in ("", "wrong"):
        monkeypatch.setenv("HF_TOKEN", token)
        with pytest.raises(HubError, match=message):
            fetch("en/*.txt", repo="me/gated")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert len(matching(fetch("en/*.txt", repo="me/gated"), ["en/*.txt"])) == 2


def test_no_file_matches(hub: Hub) -> None:
    """The message lists what the repository has of the kinds that are fetched."""
    with pytest.raises(
        HubError, match=r"no file matches 'fr/\*\.txt'; it has en/test-00000-of-2\.txt, .*, sw/test-00001-of-2\.txt$"
    ):
        fetch("fr/*.txt")
    with pytest.raises(HubError, match=r"no file matches 'x\.csv'"):  # one of two is not enough
        snapshot("me/data", kind="dataset", revision=COMMIT, patterns=["en/*.txt", "x.csv"])
    assert downloads(hub) == []


def test_a_long_listing_is_cut(hub: Hub, tmp_path: Path) -> None:
    """Of many files some are listed and the others counted; a repository without any says so."""
    for name, count, told in (
        ("many", 30, "x00.csv, .* and 18 more$"),
        ("none", 0, "it has no file of a kind that is fetched$"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "code.py").touch()
        for i in range(count):
            (folder / f"x{i:02}.csv").touch()
        hub.add("dataset", f"me/{name}", folder, commit=COMMIT)
        with pytest.raises(HubError, match=told):
            fetch("y.csv", repo=f"me/{name}")


def test_offline_and_not_cached(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the cache, and three ways out; nothing is asked."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        HubError,
        match=rf"at 0123456789ab is not \(all\) in the cache {tmp_path}/home/hub, .*\n  unset HF_HUB_OFFLINE, copy .*\"local\"$",
    ):
        fetch("en/*.txt")
    assert hub.requests == []


def test_a_hub_that_does_not_answer(hub: Hub) -> None:
    """A server in trouble and a refused connection are told in two lines, at once."""
    hub.down = True
    with pytest.raises(
        HubError, match=f"data set 'me/data' could not be fetched from {hub.url}: .*503.*\n  check the conn"
    ):
        fetch("en/*.txt")
    hub.close()
    with pytest.raises(
        HubError, match=f"could not be fetched from {hub.url}: .*refused\n  check the connection and try"
    ):
        fetch("en/*.txt")


def test_a_disk_that_is_full(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to free, or where else to put the cache."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.move", full)  # by which a finished download comes to its place
    with pytest.raises(
        HubError, match=r"data set 'me/data': no space left in the cache; free some, or set HF_HOME to a folder"
    ):
        fetch("en/*.txt")
    assert downloads(hub)


def test_a_cache_that_cannot_be_written(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's reason is in the message."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.raises(HubError, match=f"data set 'me/data' could not be fetched from {hub.url}: .*Not a directory"):
        fetch("en/*.txt")


def test_without_huggingface_hub_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that only reads runs has no huggingface_hub: the message says how to install it."""
    from gapstudy.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        MissingExtraError, match=r"the data set 'me/data' on the hub needs huggingface_hub.*gapstudy\[train\]"
    ):
        fetch("en/*.txt")


@pytest.mark.usefixtures("hub")
def test_a_data_set_that_is_half_there_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a shard is missing in the cache it is downloaded, and offline it is not taken for the whole."""
    fetch("en/test-00000-of-2.txt")
    folder = fetch("en/test-*.txt")
    assert len(matching(folder, ["en/test-*.txt"])) == 2
    matching(folder, ["en/test-00001*.txt"])[0].unlink()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubError, match=r"is not \(all\) in the cache"):
        fetch("en/test-*.txt")


# ---- as a source of corpora ------------------------------------------------------------------------------------------
def source(**places: str) -> DataSource:
    """A source on the hub."""
    return DataSource(source="hub", dataset="me/data", revision=COMMIT, **places)  # type: ignore[arg-type]


def test_shards_are_read_in_the_order_of_their_names(hub: Hub) -> None:
    """Placeholders and ``*`` name the files of each language; slices count over all of them."""
    found = load_parallel(("eng", "swa"), source(text="{iso1}/test-*.txt"))
    assert {code: sentences.lines for code, sentences in found.items()} == {
        "eng": ("a 0", "a 1"),
        "swa": ("b 0", "b 1"),
    }
    found = load_parallel(("eng",), source(text="{iso1}/test-*.txt[1:]"))
    assert found["eng"].lines == ("a 1",)
    with pytest.raises(DataError, match=r"takes nothing: there are 2 examples in 2 files such as .*test-00000"):
        load_parallel(("eng",), source(text="{iso1}/test-*.txt[2:]"))
    assert len(downloads(hub)) == 4


def test_every_file_is_fetched_before_the_first_is_read(hub: Hub) -> None:
    """A pattern that matches nothing is told before a file that is no corpus is read."""
    with pytest.raises(HubError, match=r"no file matches 'sw/train\.txt'"):
        load_task("xnli", "swa", source(train="sw/train.txt", dev="sw/*.txt", test="sw/*.txt"))
    with pytest.raises(DataError, match=r"test-00000-of-2\.txt:1: 1 columns where premise"):
        load_task("xnli", "swa", source(train="sw/*.txt", dev="sw/*.txt", test="sw/*.txt"))
    assert downloads(hub)


def test_a_language_can_have_files_of_its_own(hub: Hub) -> None:
    """Files by language work on the hub as on disk."""
    both = source(text="{iso1}/*.txt").model_copy(update={"languages": {"swa": Places(text="en/test-*.txt")}})
    found = load_parallel(("eng", "swa"), both)
    assert found["swa"].lines == found["eng"].lines == ("a 0", "a 1")
    assert len(downloads(hub)) == 2


def test_workers_read_what_the_parent_fetched(hub: Hub, micro_toml: str) -> None:
    """After the parent has loaded the corpora, a worker without network reads the very same from the cache."""
    text = micro_toml.replace(
        "[analysis]",
        f'[data.parallel]\nsource = "hub"\ndataset = "me/data"\nrevision = "{COMMIT}"\ntext = "en/test-*.txt"\n[analysis]',
    )
    parent = load_corpora(Study.parse(text, "x.toml"))
    asked = len(hub.requests)
    code = (
        "import sys; from gapstudy.corpora import load_corpora; from gapstudy.study import Study; "
        "print(load_corpora(Study.parse(sys.argv[1], 'x.toml')).parallel['kor'].lines)"
    )
    worker = subprocess.run(
        [sys.executable, "-c", code, text],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert worker.stdout.strip() == str(parent.parallel["kor"].lines) == "('a 0', 'a 1')"
    assert len(hub.requests) == asked
