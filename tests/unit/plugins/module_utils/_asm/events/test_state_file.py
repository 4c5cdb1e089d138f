# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state file: what was written is read again, or it is an error that says what to do. Never an empty start."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm import state_file
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.state_file import FORMAT, locked

SCOPE = {"endpoint": "https://asm.example", "mesh_id": "mesh", "watched": {"releases": [["bookinfo", "a"]]}}
VALUES = {"releases": [{"uid": "a"}], "retired": [], "unread": []}
ANEW = "give this source a file of its own, or remove it to begin with a new baseline"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def refused(path: Path | str) -> str:
    """Return the sentence of the error of a source that uses a file."""
    with pytest.raises(AsmError) as raised, locked(str(path), SCOPE) as state:
        state.load()
    assert raised.value.kind == "usage"
    return raised.value.sentence(str)


def written(path: Path, **changes: Any) -> None:
    """Write a good file, or one that is good but for these changes."""
    path.write_text(json.dumps({"format": FORMAT, **SCOPE, **VALUES, **changes}))
    path.chmod(0o600)


def test_a_file_that_is_not_there_is_the_first_start(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        assert state.load() is None


def test_what_was_written_is_read_again(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
    with locked(str(path), SCOPE) as state:
        assert state.load() == VALUES


def test_the_file_and_its_lock_are_for_nobody_else(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
    assert {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {
        "state.json": 0o600,
        "state.json.lock": 0o600,
    }


def test_the_file_is_replaced_and_never_changed(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        with path.open() as before:
            state.save({**VALUES, "retired": [["b", 1]]})
            assert json.load(before)["retired"] == []
        assert json.loads(path.read_text())["retired"] == [["b", 1]]


def test_what_has_not_changed_is_not_written_again(path: Path) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        first = path.stat().st_ino
        state.save(dict(VALUES))
        assert path.stat().st_ino == first


def test_what_a_killed_source_has_left_of_its_writing_is_removed_by_the_next_one_and_by_no_other(path: Path) -> None:
    left, of_another = (path.with_name(f".{name}.asm-abcd1234.tmp") for name in (path.name, "other.json"))
    of_another.touch()
    with locked(str(path), SCOPE):
        left.touch()
        refused(path)
        assert left.exists()
    with locked(str(path), SCOPE):
        assert not left.exists()
    assert of_another.exists()


def test_a_second_source_is_refused_while_the_first_one_runs(path: Path) -> None:
    with locked(str(path), SCOPE):
        assert refused(path) == f"state_file: '{path}' is in use by another source; give each source a file of its own"
    with locked(str(path), SCOPE) as state:
        assert state.load() is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param("", "is no state of this source, or is damaged", id="empty"),
        pytest.param('{"format": 1', "is no state of this source, or is damaged", id="cut"),
        pytest.param("[]", "is no state of this source, or is damaged", id="no object"),
        pytest.param("[" * 100_000, "is no state of this source, or is damaged", id="too deep"),
        pytest.param("\udcff", "is no state of this source, or is damaged", id="no text"),
        pytest.param('{"some": "settings"}', f"is not of format {FORMAT}", id="something else"),
        pytest.param('{"format": 2}', f"is not of format {FORMAT}", id="another format"),
        pytest.param('{"format": true}', f"is not of format {FORMAT}", id="a truth for a format"),
        pytest.param('{"format": 1.0}', f"is not of format {FORMAT}", id="a fraction for a format"),
        pytest.param('{"a": 1, "a": 2}', "is no state of this source, or is damaged", id="a name twice"),
        pytest.param('{"a": [{"b": 1, "b": 1}]}', "is no state of this source, or is damaged", id="a name twice below"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(path: Path, content: str, problem: str) -> None:
    path.write_text(content, errors="surrogateescape")
    path.chmod(0o600)
    assert refused(path) == f"state_file: '{path}' {problem}; {ANEW}"


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [
        ("endpoint", "endpoint"),
        ("mesh_id", "mesh_id"),
        ("watched", "set of releases (namespace, service, name or releases)"),
    ],
)
def test_a_file_of_something_else_is_refused(path: Path, name: str, shown_as: str) -> None:
    written(path, **{name: "other"})
    assert refused(path) == f"state_file: '{path}' belongs to another {shown_as}; {ANEW}"


def test_what_could_not_be_read_again_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked(str(path), SCOPE) as state:
        state.save(VALUES)
        size = path.stat().st_size
        monkeypatch.setattr(state_file, "_LARGEST", size)
        state.save({**VALUES, "releases": [{"uid": "b"}]})
        assert state.load() == {**VALUES, "releases": [{"uid": "b"}]}
        with pytest.raises(AsmError) as raised:
            state.save({**VALUES, "releases": [{"uid": "ab"}]})
        assert state.load() == {**VALUES, "releases": [{"uid": "b"}]}
    assert raised.value.sentence(str) == (
        f"state_file: '{path}' would be larger than {size} bytes; "
        "watch fewer releases with one source, or without manifests"
    )


def test_three_events_of_each_of_a_thousand_releases_with_their_manifests_have_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(state_file, "write_private", lambda _path, content: sizes.append(len(content)))
    with locked(str(path), SCOPE) as state:
        state.save({**VALUES, "outbox": ["x" * 60_000] * 3000})
    assert sizes[0] > 3000 * 60_000


def test_what_nesting_makes_of_blanks_takes_no_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Any = list(range(1000))
    for _level in range(50):
        deep = [deep]
    monkeypatch.setattr(state_file, "_LARGEST", 2 * len(json.dumps(deep)))
    with locked(str(path), SCOPE) as state:
        state.save({**VALUES, "outbox": deep})
        assert state.load() == {**VALUES, "outbox": deep}


def test_a_file_too_large_to_be_ours_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "_LARGEST", 10)
    written(path)
    assert "is no state of this source" in refused(path)


def _as_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def _with_mode(mode: int) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        written(path)
        path.chmod(mode)

    return made


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        pytest.param(_as_link, "cannot be read: it is a symbolic link", id="a link"),
        pytest.param(Path.mkdir, "is no regular file", id="a folder"),
        pytest.param(os.mkfifo, "is no regular file", id="a pipe"),
        pytest.param(_with_mode(0o620), "can be written by others", id="group"),
        pytest.param(_with_mode(0o602), "can be written by others", id="others"),
    ],
)
def test_a_file_that_others_may_have_made_is_refused(path: Path, made: Callable[[Path], object], problem: str) -> None:
    made(path)
    assert f"state_file: '{path}' {problem}" in refused(path)


def test_a_file_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path)
    path.with_name("state.json.lock").touch(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "belongs to another user" in refused(path)


def test_a_file_that_cannot_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs this test may be root, who can read everything."""
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
        pytest.param("a\0b", "is not a path", id="no path"),
    ],
)
def test_a_place_that_cannot_hold_a_file_is_refused_at_the_start(tmp_path: Path, name: str, problem: str) -> None:
    assert problem in refused(f"{tmp_path}/{name}")


def test_a_lock_that_others_may_have_made_is_refused(path: Path) -> None:
    path.with_name("state.json.lock").symlink_to(path)
    assert "cannot be locked" in refused(path)


def test_a_disk_without_room_for_the_lock_is_named_as_such(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_name: str, *_rest: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "open", full)
    assert refused(path).endswith("cannot be locked: No space left on device; make room on its file system")


def test_an_error_of_writing_names_the_option(path: Path) -> None:
    path.mkdir()
    with locked(str(path), SCOPE) as state, pytest.raises(AsmError) as raised:
        state.save(VALUES)
    assert raised.value.sentence(str).startswith(f"state_file: '{path}'")
