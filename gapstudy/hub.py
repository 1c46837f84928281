"""Files of models and data sets on the Hugging Face hub, at one commit: only text, tables and safetensors.

``huggingface_hub`` downloads them into its cache, from which they are read without any network ever after. It honours
``HF_HOME``, ``HF_HUB_CACHE``, ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE``. Nothing that could run code when it
is opened is ever downloaded: no Python, no pickle.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from gapstudy.errors import HubError, MissingExtraError

__all__ = ["SUFFIXES", "matching", "snapshot"]

SUFFIXES = (".parquet", ".safetensors", ".json", ".txt", ".csv", ".jsonl", ".tsv", ".conllu", ".model")
_ZIPPED = tuple(f"{suffix}.gz" for suffix in (".json", ".txt", ".csv", ".jsonl", ".tsv", ".conllu"))
_COMMIT = re.compile("[0-9a-f]{40}")
_SHARD = re.compile(r"-\d+-of-(?P<of>\d+)(?=\.)")
_NAMES = {"model": "model", "dataset": "data set"}
_TIMEOUT = 30.0  # seconds
Kind = Literal["model", "dataset"]


def snapshot(repo: str, *, kind: Kind, revision: str, patterns: Sequence[str], optional: Sequence[str] = ()) -> Path:
    """Return the folder of a repository's files at one commit; downloads those that the cache does not have.

    When every pattern is matched in the cache, there is no network access at all.

    Parameters
    ----------
    repo : its id, as in ``google/canine-s``.
    kind : "model" or "dataset".
    revision : the commit, 40 hexadecimal digits.
    patterns : paths in the repository, with ``*`` for any characters; each must end in one of :data:`SUFFIXES`
        (of which the text forms may be followed by ``.gz``) and match at least one file.
    optional : the like, but they need not match any file; offline, what the cache has of them must do.

    Raises
    ------
    HubError
        If the revision is no commit, a pattern could fetch another kind of file or matches none, the repository or
        commit does not exist or is gated, the hub cannot be reached, or the disk is full.
    MissingExtraError
        If ``huggingface_hub`` is not installed.
    """
    name = f"{_NAMES[kind]} {repo!r}"
    wanted = [*patterns, *optional]
    _check(name, revision, wanted)
    # of its own accord it would ask the hub for more than the files, to describe the caller
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError as error:
        raise MissingExtraError(error.name or "huggingface_hub", "train", f"the {name} on the hub") from None
    request: dict[str, Any] = {
        "repo_id": repo,
        "repo_type": kind,
        "revision": revision,
        "allow_patterns": wanted,
        "cache_dir": _cache(),
        "endpoint": os.environ.get("HF_ENDPOINT") or None,
    }
    with _explained(name, kind, repo, revision), _quiet():
        with suppress(LocalEntryNotFoundError):  # what is not there is to be downloaded
            folder = Path(snapshot_download(**request, local_files_only=True))
            found = [matching(folder, [pattern]) for pattern in patterns]
            told = not optional and all("*" not in p or _numbered(f) for p, f in zip(patterns, found, strict=True))
            whole = told or _mark(folder, wanted).exists() or _is_offline()
            if whole and all(files and not _shard_missing(files) for files in found):
                return folder
        if _is_offline():
            raise HubError(_offline(name, revision))
        files = _listing(request)
        if missing := [pattern for pattern in patterns if not any(fnmatchcase(file, pattern) for file in files)]:
            raise HubError(_no_match(name, missing, files))
        folder = Path(snapshot_download(**request))
        with suppress(OSError):  # a cache that is shared and may not be written
            _mark(folder, wanted).touch()
        return folder


def _mark(folder: Path, wanted: Sequence[str]) -> Path:
    """Return the empty file that says that all of ``wanted`` was fetched: what is optional may not be there to tell."""
    return folder.parents[1] / f".gapstudy-{folder.name}-{zlib.crc32(repr(sorted(wanted)).encode()):08x}"


def _numbered(files: Sequence[Path]) -> bool:
    """Whether every file says how many there are of its kind: nothing else tells what ``*`` stands for."""
    return all(_SHARD.search(path.name) for path in files)


def _shard_missing(files: Sequence[Path]) -> bool:
    """Whether files that are numbered (train-00000-of-00003.parquet) are fewer than they say."""
    numbered = [found for path in files if (found := _SHARD.search(path.name))]
    groups = {(m.string[: m.start()], int(m["of"])) for m in numbered}
    return sum(of for _, of in groups) != len(numbered)


def matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files below ``folder`` that match a pattern, in the order of the patterns, then of their names."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = [name for pattern in patterns for name in names if fnmatchcase(name, pattern)]
    return [folder / name for name in dict.fromkeys(found)]


def _check(name: str, revision: str, patterns: Sequence[str]) -> None:
    if not _COMMIT.fullmatch(revision):
        msg = (
            f"{name}: revision {revision!r} is not a commit; give its 40 hexadecimal digits: a branch or tag may change"
        )
        raise HubError(msg)
    for pattern in patterns:
        if not pattern.endswith((*SUFFIXES, *_ZIPPED)):
            msg = (
                f"{name}: {pattern!r} is not fetched; a pattern must end in {', '.join(SUFFIXES)} (text also .gz): "
                "code and pickles can do anything when they are opened"
            )
            raise HubError(msg)
        if ".." in pattern.split("/") or pattern.startswith("/"):
            msg = f"{name}: {pattern!r} is not a path inside the repository"
            raise HubError(msg)


def _cache() -> str | None:
    """Return the cache folder that the environment names now; ``huggingface_hub`` reads it when it is imported."""
    if own := os.environ.get("HF_HUB_CACHE"):
        return own
    home = os.environ.get("HF_HOME")
    return str(Path(home).expanduser() / "hub") if home else None


def _is_offline() -> bool:
    from huggingface_hub import constants

    return constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _offline(name: str, revision: str) -> str:
    from huggingface_hub import constants

    return (
        f"{name} at {revision[:12]} is not (all) in the cache {_cache() or constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE "
        'forbids to download it;\n  unset HF_HUB_OFFLINE, copy the cache of a machine that has it, or use source = "local"'
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars where nobody watches."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


@contextmanager
def _explained(name: str, kind: Kind, repo: str, revision: str) -> Iterator[None]:
    """Turn what can go wrong on the way into :class:`HubError`."""
    from huggingface_hub import errors

    where = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    page = f"{where}/{'datasets/' if kind == 'dataset' else ''}{repo}"
    try:
        yield
    except errors.HFValidationError as error:
        msg = f"{repo!r} is not the id of a repository on the hub: {_first_line(error)}"
        raise HubError(msg) from None
    except errors.GatedRepoError:
        plus = " (as FLORES+, openlanguagedata/flores_plus, is)" if kind == "dataset" else ""
        msg = (
            f"{name} is gated{plus}: accept its terms at {page} while logged in,\n"
            "  then run `hf auth login` or set HF_TOKEN"
        )
        raise HubError(msg) from None
    except errors.RepositoryNotFoundError:
        msg = (
            f"{name} does not exist at {where}, or is private: check the id, or log in with `hf auth login` or HF_TOKEN"
        )
        raise HubError(msg) from None
    except errors.RevisionNotFoundError:
        msg = f"{name} has no commit {revision}; its commits are listed at {page}/commits/main"
        raise HubError(msg) from None
    except (errors.HTTPError, errors.LocalEntryNotFoundError, errors.FileMetadataError) as error:
        msg = f"{name} could not be fetched from {where}: {_first_line(error.__cause__ or error)}\n  check the connection and try again"
        raise HubError(msg) from None
    except (OSError, RuntimeError, getattr(errors, "XetDownloadError", OSError)) as error:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
            msg = f"{name}: no space left in the cache; free some, or set HF_HOME to a folder on a larger disk"
            raise HubError(msg) from None
        msg = f"{name} could not be fetched from {where}: {_first_line(error)}"
        raise HubError(msg) from None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _listing(request: dict[str, Any]) -> list[str]:
    """Return the files of a repository; asked once, where downloads ask again and again when nobody answers."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=request["endpoint"])
    info = api.repo_info(
        request["repo_id"], repo_type=request["repo_type"], revision=request["revision"], timeout=_TIMEOUT
    )
    return sorted(file.rfilename for file in info.siblings or ())


def _no_match(name: str, missing: Sequence[str], files: Sequence[str]) -> str:
    usable = [file for file in files if file.endswith((*SUFFIXES, *_ZIPPED))]
    listed = ", ".join(usable[:12]) + (f" and {len(usable) - 12} more" if len(usable) > 12 else "")
    return f"{name}: no file matches {', '.join(map(repr, missing))}; it has {listed or 'no file of a kind that is fetched'}"
