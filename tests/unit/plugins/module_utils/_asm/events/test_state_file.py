# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state file: what was written is read again, or there is an error with a hint. It is never an empty start."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events import state_file
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.events.state_file import FORMAT, locked

SCOPE = {"endpoint": "https://asm.example", "namespace": ["bookinfo"], "service": [], "name": []}
VALUES = {"source": "0123", "meshes": {"mesh": {"releases": [{"uid": "a"}]}}}
OTHER = {"source": "0123", "meshes": {"mesh": {"releases": [{"uid": "b"}]}}}
ANEW = "give this source a file of its own, or remove it to begin with a new baseline"
DAMAGED = "is not the state of an event source, or is damaged"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def refused(path: Path | str) -> str:
    """Return the sentence with which a source that uses the file is refused."""
    with pytest.raises(UsageError) as raised, locked(str(path), SCOPE) as state:
        state.load()
    return raised.value.sentence(str)


def not_saved(path: Path) -> str:
    """Return the sentence with which a write is refused."""
    with locked(str(path), SCOPE) as state, pytest.raises(UsageError) as raised:
        state.save(VALUES)
    return raised.value.sentence(str)


def written(path: Path, **changes: Any) -> None:
    """Write a valid file, but for these changes."""
    path.write_text(json.dumps({"format": FORMAT, **SCOPE, **VALUES, **changes}))
    path.chmod(0o600)


def failing(code: int) -> Callable[..., Any]:
    """Return a system call that fails."""

    def fail(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_missing_file_is_the_first_start(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        assert state.load() is None


def test_what_was_written_is_read_again(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
    with locked(str(path), SCOPE) as state:
        assert state.load() == VALUES


def test_file_and_lock_are_private(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {
        "state.json": 0o600,
        "state.json.lock": 0o600,
    }


def test_a_reader_of_the_old_file_never_sees_the_new_one(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        with path.open() as before:
            state.save(OTHER)
            assert json.load(before)["meshes"] == VALUES["meshes"]
        assert state.load() == OTHER


def test_unchanged_values_are_not_written_again(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        first = path.stat().st_ino
        state.save(dict(VALUES))
        assert path.stat().st_ino == first


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    monkeypatch.setattr(os, "fsync", lambda each: synced.append((stat.S_ISDIR(os.fstat(each).st_mode), path.exists())))
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES], ids=errno.errorcode.get)
def test_a_file_system_that_cannot_sync_folders_will_do(path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", sync)
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        assert state.load() == VALUES


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOSPC, "make room on its file system"),
        (errno.EDQUOT, "make room within the quota of this user"),
        (errno.EFBIG, "raise the limit on the size of a file (ulimit -f)"),
        (errno.EROFS, "name a file in an existing folder that this user may write to"),
    ],
    ids=lambda value: errno.errorcode.get(value, ""),
)
@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")], ids=["sync", "rename"])
def test_a_failed_write_keeps_the_old_file_and_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str, owner: object, step: str
) -> None:
    written(path)
    before = path.read_bytes()
    with locked(str(path), SCOPE) as state, monkeypatch.context() as patched:
        patched.setattr(owner, step, failing(code))
        with pytest.raises(UsageError) as raised:
            state.save(OTHER)
    assert raised.value.sentence(str) == (f"state_file: '{path}' cannot be written: {os.strerror(code)}; {hint}")
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["state.json", "state.json.lock"]


@pytest.mark.parametrize("name", ["state.json", "[s]*.json", "s" * 250, "\u00e4" * 124], ids=ascii)
def test_what_a_killed_source_left_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    with locked(str(path), SCOPE) as state, monkeypatch.context() as patched:
        patched.setattr(Path, "replace", failing(errno.EIO))
        patched.setattr(Path, "unlink", lambda _path: None)
        with pytest.raises(UsageError):
            state.save(VALUES)
    assert len(list(tmp_path.iterdir())) == 2
    with locked(str(path), SCOPE):
        assert [each.name for each in tmp_path.iterdir()] == [f"{name}.lock"]


@pytest.mark.parametrize(
    "name", [".state.json.asm-.tmp", ".state.json.asm-ab12.tmp.bak", ".state-json.asm-ab12.tmp", ".other.asm-ab12.tmp"]
)
def test_no_other_file_is_removed(path: Path, name: str) -> None:
    path.with_name(name).touch()
    with locked(str(path), SCOPE):
        assert path.with_name(name).exists()


def test_a_second_source_is_refused_while_the_first_one_runs(path: Path) -> None:
    with locked(str(path), SCOPE):
        assert refused(path) == f"state_file: '{path}' is in use by another source; give each source a file of its own"
    with locked(str(path), SCOPE) as state:
        assert state.load() is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param("", DAMAGED, id="empty"),
        pytest.param('{"format": 2', DAMAGED, id="cut"),
        pytest.param("[]", DAMAGED, id="not an object"),
        pytest.param("[" * 100_000, DAMAGED, id="too deep"),
        pytest.param("\udcff", DAMAGED, id="not text"),
        pytest.param('{"a": [{"b": 1, "b": 1}]}', DAMAGED, id="a repeated key"),
        pytest.param('{"some": "settings"}', f"is not of format {FORMAT}", id="another file"),
        pytest.param('{"format": 1}', f"is not of format {FORMAT}", id="another format"),
        pytest.param('{"format": true}', f"is not of format {FORMAT}", id="a boolean"),
        pytest.param('{"format": 2.0}', DAMAGED, id="a fraction"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(path: Path, content: str, problem: str) -> None:
    path.write_text(content, errors="surrogateescape")
    path.chmod(0o600)
    assert refused(path) == f"state_file: '{path}' {problem}; {ANEW}"


@pytest.mark.parametrize("name", list(SCOPE))
def test_a_file_of_another_source_is_refused(path: Path, name: str) -> None:
    written(path, **{name: "other"})
    assert refused(path) == f"state_file: '{path}' belongs to another {name}; {ANEW}"


def test_what_could_not_be_read_again_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        size = path.stat().st_size
        monkeypatch.setattr(state_file, "_LARGEST", size)
        state.save(OTHER)
        with pytest.raises(UsageError) as raised:
            state.save({**OTHER, "source": "01234"})
        assert state.load() == OTHER
    assert raised.value.sentence(str) == (
        f"state_file: '{path}' would be larger than {size} bytes; watch fewer releases with one source"
    )


def test_a_file_too_large_to_be_ours_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "_LARGEST", 10)
    written(path)
    assert DAMAGED in refused(path)


def _as_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def _with_mode(mode: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        written(path)
        path.chmod(mode)

    return make


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(_as_link, "cannot be read: it is a symbolic link", id="a link"),
        pytest.param(Path.mkdir, "is not a regular file", id="a folder"),
        pytest.param(os.mkfifo, "is not a regular file", id="a pipe"),
        pytest.param(_with_mode(0o620), "can be written by other users", id="group"),
        pytest.param(_with_mode(0o602), "can be written by other users", id="others"),
    ],
)
def test_a_file_that_other_users_may_have_made_is_refused(
    path: Path, make: Callable[[Path], object], problem: str
) -> None:
    make(path)
    assert f"state_file: '{path}' {problem}" in refused(path)


@pytest.mark.parametrize(
    ("make", "problem"),
    [(_as_link, "is a symbolic link"), (Path.mkdir, "is not a regular file"), (os.mkfifo, "is not a regular file")],
    ids=["a link", "a folder", "a pipe"],
)
def test_only_a_regular_file_is_replaced(path: Path, make: Callable[[Path], object], problem: str) -> None:
    make(path)
    assert problem in not_saved(path)


def test_a_file_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path)
    path.with_name("state.json.lock").touch(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "belongs to another user" in refused(path)


def test_a_file_that_cannot_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of this test may be root, who can read every file."""
    written(path)
    opened = os.open

    def denied(name: str, *rest: int) -> int:
        if name == str(path):
            raise PermissionError(13, "Permission denied")
        return opened(name, *rest)

    monkeypatch.setattr(os, "open", denied)
    assert refused(path) == f"state_file: '{path}' cannot be read: Permission denied; {ANEW}"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("missing/state.json", "cannot be locked: No such file or directory", id="no folder"),
        pytest.param("x" * 5000, "cannot be locked: File name too long", id="too long"),
        pytest.param("a\0b", "is not a path", id="a NUL"),
        pytest.param("a\ud800", "is not a path", id="half a character"),
    ],
)
def test_a_path_that_cannot_hold_a_file_is_refused_at_the_start(tmp_path: Path, name: str, problem: str) -> None:
    assert problem in refused(f"{tmp_path}/{name}")


def test_a_lock_that_other_users_may_have_made_is_refused(path: Path) -> None:
    path.with_name("state.json.lock").symlink_to(path)
    assert "cannot be locked" in refused(path)


def test_a_full_disk_is_named_when_the_lock_is_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", failing(errno.ENOSPC))
    assert refused(path).endswith("cannot be locked: No space left on device; make room on its file system")
