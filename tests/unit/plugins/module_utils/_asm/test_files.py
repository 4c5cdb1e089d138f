# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of ours is whole or not there, private, and never written through a link."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.files import remove_left_behind, write_private_json

OLD = '{"outcome": "reached"}'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return a path in a folder of its own, with nothing at it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "verdict.json"


def refused(path: Path | str) -> str:
    """Return the sentence of the error with which a write is refused."""
    with pytest.raises(AsmError) as caught:
        write_private_json(str(path), {"outcome": "pending"})
    assert caught.value.kind == "usage"
    return caught.value.sentence(str)


def names_beside(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def a_link_to_a_file(target: Path) -> None:
    elsewhere = target.parent / "elsewhere"
    elsewhere.write_text(OLD, encoding="ascii")
    target.symlink_to(elsewhere)


def a_link_to_nothing(target: Path) -> None:
    target.symlink_to(target.parent / "nothing")


def test_what_is_written_can_be_read(target: Path) -> None:
    document = {"phase": "Läuft \ud800\n", "reads": 2, "timeline": [{"after": 0.5, "ready": None}]}
    write_private_json(str(target), document)
    assert json.loads(target.read_text(encoding="ascii")) == document


@pytest.mark.parametrize("mode", [None, 0o666, 0o400])
def test_only_its_owner_may_read_it_whatever_was_there(target: Path, mode: int | None) -> None:
    if mode is not None:
        target.write_text(OLD, encoding="ascii")
        target.chmod(mode)
    write_private_json(str(target), {"outcome": "pending"})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text(encoding="ascii")) == {"outcome": "pending"}


def test_nothing_else_stays_in_the_folder(target: Path) -> None:
    write_private_json(str(target), {})
    write_private_json(str(target), {})
    assert names_beside(target) == ["verdict.json"]


def test_a_reader_of_the_old_file_never_sees_the_new_one_grow(target: Path) -> None:
    target.write_text(OLD, encoding="ascii")
    with target.open(encoding="ascii") as opened_before:
        write_private_json(str(target), {"outcome": "pending"})
        assert opened_before.read() == OLD


def test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_end(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int, bool]] = []

    def sync(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        what = "folder" if stat.S_ISDIR(mode) else os.pread(descriptor, 100, 0).decode()
        synced.append((what, stat.S_IMODE(mode), target.exists()))

    monkeypatch.setattr(os, "fsync", sync)
    write_private_json(str(target), {})
    assert synced == [("{}\n", 0o600, False), ("folder", stat.S_IMODE(target.parent.stat().st_mode), True)]


def failing_for_folders(code: int) -> Callable[[int], None]:
    """Return a sync that a file system refuses for folders."""

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))

    return sync


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES], ids=errno.errorcode.get)
def test_a_file_system_that_syncs_no_folders_will_do(target: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(os, "fsync", failing_for_folders(code))
    write_private_json(str(target), {"outcome": "pending"})
    assert json.loads(target.read_text(encoding="ascii")) == {"outcome": "pending"}


def test_a_disk_that_fails_to_sync_the_folder_is_an_error(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing_for_folders(errno.EIO))
    assert "cannot be written: Input/output error" in refused(target)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "make room on its file system"),
        (errno.EDQUOT, "make room within the quota of this user"),
        (errno.EFBIG, "raise the limit on the size of a file (ulimit -f)"),
        (errno.EROFS, "name a file in a folder that is there and that this user may write to"),
    ],
    ids=lambda value: errno.errorcode.get(value, ""),
)
def test_what_is_to_be_done_depends_on_the_reason(
    target: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    assert refused(target).endswith(f"cannot be written: {os.strerror(code)}; {remedy}")


class TestWhatAKilledWriterLeaves:
    @staticmethod
    def left_by(target: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        """Return the name of the temporary file of a writer that is killed in its midst."""
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", lambda _path: None)
            patched.setattr(Path, "replace", lambda _path, _target: os.fsync(-1))
            refused(target)
        (left,) = names_beside(target)
        return left

    # The last one has room for nothing more, not even for what tells temporary files apart.
    @pytest.mark.parametrize("name", ["verdict.json", "[v]*.json", "v" * 255, "\u00e4" * 127], ids=ascii)
    def test_is_told_by_its_name_and_can_be_removed(
        self, target: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        target = target.with_name(name)
        left = self.left_by(target, monkeypatch)
        assert left.startswith(f".{name}.asm-" if len(name) < 100 else ".")
        remove_left_behind(str(target))
        assert names_beside(target) == []

    def test_stays_at_the_next_write_for_it_may_be_that_of_another(
        self, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = self.left_by(target, monkeypatch)
        write_private_json(str(target), {})
        assert names_beside(target) == sorted([left, target.name])

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("verdict.json", id="the file"),
            pytest.param(".verdict.json.asm-.tmp", id="nothing random"),
            pytest.param(".verdict.json.asm-abcd1234", id="no end"),
            pytest.param(".verdict.json.asm-abcd1234.tmp.bak", id="more at the end"),
            pytest.param(".verdict-json.asm-abcd1234.tmp", id="a dot is a dot"),
            pytest.param(".other.json.asm-abcd1234.tmp", id="of another file"),
            pytest.param(".verdict.json.asm-x.asm-abcd1234.tmp", id="of a file whose name begins alike"),
        ],
    )
    def test_is_all_that_is_removed(self, target: Path, name: str) -> None:
        target.with_name(name).touch()
        remove_left_behind(str(target))
        assert names_beside(target) == [name]

    @pytest.mark.parametrize("put", [a_link_to_a_file, Path.mkdir, os.mkfifo], ids=["a link", "a folder", "a pipe"])
    def test_is_a_regular_file_and_what_is_none_stays(self, target: Path, put: Callable[[Path], None]) -> None:
        put(target.with_name(".verdict.json.asm-abcd1234.tmp"))
        before = names_beside(target)
        remove_left_behind(str(target))
        assert names_beside(target) == before

    def test_is_no_reason_to_fail(self, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_path: Path) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        left = self.left_by(target, monkeypatch)
        monkeypatch.setattr(Path, "unlink", fail)
        remove_left_behind(str(target))
        assert names_beside(target) == [left]
        remove_left_behind(str(target.parent / "nowhere" / "verdict.json"))


@pytest.mark.parametrize(
    ("put", "seen"),
    [
        pytest.param(a_link_to_a_file, "is a symbolic link", id="a link to a file"),
        pytest.param(a_link_to_nothing, "is a symbolic link", id="a link to nothing"),
        pytest.param(Path.mkdir, "is no regular file", id="a folder"),
        pytest.param(os.mkfifo, "is no regular file", id="a pipe"),
    ],
)
def test_what_is_no_regular_file_is_refused_and_left_alone(
    target: Path, put: Callable[[Path], None], seen: str
) -> None:
    put(target)
    before = names_beside(target), target.lstat().st_mode
    sentence = refused(target)
    assert f"'{target}'" in sentence
    assert seen in sentence
    assert (names_beside(target), target.lstat().st_mode) == before
    if (target.parent / "elsewhere").exists():
        assert target.read_text(encoding="ascii") == OLD


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        pytest.param("nowhere/verdict.json", "No such file or directory", id="no folder"),
        pytest.param("file/verdict.json", "Not a directory", id="a file as folder"),
        pytest.param("v" * 300, "File name too long", id="a name too long"),
        pytest.param("verdict\0.json", "is not a path", id="a NUL"),
        pytest.param("verdict\ud800.json", "is not a path", id="half a character"),
        pytest.param("", "is no regular file", id="the folder itself"),
    ],
)
def test_a_path_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, path: str, seen: str) -> None:
    (tmp_path / "file").touch()
    sentence = refused(f"{tmp_path}/{path}")
    assert seen in sentence
    assert sentence.rpartition("; ")[2].startswith("name a")


def test_an_empty_path_is_no_path() -> None:
    assert "is not a path; name a file" in refused("")


@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")], ids=["sync", "rename"])
def test_a_failure_half_way_leaves_the_old_file_and_nothing_beside_it(
    target: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target.write_text(OLD, encoding="ascii")
    monkeypatch.setattr(owner, step, fail)
    assert f"'{target}' cannot be written: No space left on device" in refused(target)
    assert target.read_text(encoding="ascii") == OLD
    assert names_beside(target) == ["verdict.json"]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    target.write_text(OLD, encoding="ascii")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_private_json(str(target), {})
    assert target.read_text(encoding="ascii") == OLD
    assert names_beside(target) == ["verdict.json"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_is_not_json_is_written_nowhere(target: Path, value: object) -> None:
    target.write_text(OLD, encoding="ascii")
    with pytest.raises((ValueError, TypeError)):
        write_private_json(str(target), {"reads": value})
    assert target.read_text(encoding="ascii") == OLD
