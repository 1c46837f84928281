"""A Hugging Face hub on the loopback: enough of its protocol for the real ``huggingface_hub`` to download from folders.

It has ``/api/{models,datasets}/REPO[/revision/REV]``, ``/api/.../tree/REV``, and HEAD and GET (with ranges) of
``/[datasets/]REPO/resolve/REV/FILE``, with the hub's headers and error codes. Use it as a context manager, and set
``HF_ENDPOINT`` to its ``url``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

__all__ = ["Hub", "Repository"]

_API = re.compile(
    r"/api/(models|datasets)/(?P<repo>[^/]+/[^/]+|[^/]+)(/(?P<what>revision|tree)/(?P<revision>[^/]+)(/.*)?)?"
)
_FILE = re.compile(r"/(?P<datasets>datasets/)?(?P<repo>[^/]+/[^/]+|[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


@dataclass(frozen=True)
class Repository:
    """A folder that is served as a repository with one commit, which is also its branch ``main``."""

    folder: Path
    commit: str
    gated: bool

    def files(self) -> list[str]:
        """Return the paths of its files."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())


class Hub:
    """A hub with the repositories that are added to it.

    Attributes
    ----------
    url : the endpoint, as for ``HF_ENDPOINT``.
    requests : "METHOD /path" of every request, in order.
    token : who sends it as a bearer may read gated repositories.
    down : while True every request is answered 503.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.token = "accepted"
        self.down = False
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.connections: list[socket.socket] = []
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def add(self, kind: str, repo: str, folder: Path, *, commit: str, gated: bool = False) -> Repository:
        """Serve ``folder`` as ``repo`` of ``kind`` ("model" or "dataset") at ``commit``; its files may change later."""
        found = self.repositories[kind, repo] = Repository(folder, commit, gated)
        return found

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.close()

    def close(self) -> None:
        """Stop, so that connections are refused from here on; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in self.connections:  # those that a client keeps alive
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def setup(self) -> None:
        super().setup()
        self.hub.connections.append(self.connection)

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the parent
        pass

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.down:
            self._refuse(503, "", "the hub is down")
        elif found := _API.fullmatch(path):
            self._api("model" if found[1] == "models" else "dataset", found)
        elif found := _FILE.fullmatch(path):
            self._file("dataset" if found["datasets"] else "model", found)
        else:
            self._refuse(404, "", "no such page")

    def _repository(self, kind: str, found: re.Match[str]) -> Repository | None:
        repository = self.hub.repositories.get((kind, found["repo"]))
        if repository is None:  # the hub does not tell strangers what is private
            self._refuse(401, "RepoNotFound", "Repository not found")
        elif found["revision"] not in {None, "main", repository.commit}:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {found['revision']}")
        else:
            return repository
        return None

    def _api(self, kind: str, found: re.Match[str]) -> None:
        repository = self._repository(kind, found)
        if repository is None:
            return
        if found["what"] == "tree":
            entries = [self._entry(repository.folder / name, name) for name in repository.files()]
            self._send(200, json.dumps(entries).encode(), {"Content-Type": "application/json"})
            return
        siblings = [{"rfilename": name} for name in repository.files()]
        info = {"id": found["repo"], "sha": repository.commit, "siblings": siblings, "private": False,
                "gated": "auto" if repository.gated else False, "tags": [], "downloads": 0, "likes": 0}  # fmt: skip
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _entry(self, path: Path, name: str) -> dict[str, Any]:
        content = path.read_bytes()
        return {"type": "file", "path": name, "size": len(content), "oid": _etag(content)}

    def _file(self, kind: str, found: re.Match[str]) -> None:
        repository = self._repository(kind, found)
        if repository is None:
            return
        sent = self.headers.get("Authorization", "")
        if repository.gated and sent != f"Bearer {self.hub.token}":
            status = 403 if sent else 401
            self._refuse(status, "GatedRepo", f"Access to {kind} {found['repo']} is restricted.")
            return
        facts = {"X-Repo-Commit": repository.commit}
        if found["file"] not in repository.files():
            self._refuse(404, "EntryNotFound", "Entry not found", facts)
            return
        content = (repository.folder / found["file"]).read_bytes()
        facts |= {"ETag": f'"{_etag(content)}"', "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(200, content, facts)
            return
        start, last = int(asked[1]), min(int(asked[2] or len(content) - 1), len(content) - 1)
        if start > last:
            self._send(416, b"", facts | {"Content-Range": f"bytes */{len(content)}"})
            return
        facts["Content-Range"] = f"bytes {start}-{last}/{len(content)}"
        self._send(206, content[start : last + 1], facts)

    def _refuse(self, status: int, code: str, message: str, facts: dict[str, str] | None = None) -> None:
        codes = {"X-Error-Code": code, "X-Error-Message": message} if code else {"X-Error-Message": message}
        self._send(status, json.dumps({"error": message}).encode(), {**(facts or {}), **codes})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _etag(content: bytes) -> str:
    """Return git's name of a file's content, which is the hub's ETag of small files."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
