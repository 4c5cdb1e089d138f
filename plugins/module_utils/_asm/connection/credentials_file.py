# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials file: a section `[basic]` with a key pair, as the vendor's SDKs read it."""

from __future__ import annotations

import codecs
import configparser
import os
import stat
from typing import TYPE_CHECKING, Callable

from ..errors import CredentialsError

if TYPE_CHECKING:
    from ..sanitize import Sanitizer

KEYS = {
    "access_key": "ak",
    "secret_key": "sk",
    "security_token": "security_token",
    "project_id": "project_id",
    "iam_endpoint": "iam_endpoint",
}
"""The key in the file for each option."""

_LIMIT = 64 * 1024
_INI = "write a section [basic] with ak and sk"


def read_file(path: str, is_named: bool, warn: Callable[[str], None], sanitizer: Sanitizer) -> dict[str, str]:
    """Return what the credentials file holds, by option; nothing if it is the default file and does not exist.

    Args:
        path: may begin with `~`.
        is_named: whether an option or a variable names the file.
        warn: takes a sentence about a file that others may read.
        sanitizer: for the path in an error.

    Raises:
        CredentialsError: the file cannot be used, or a file that was named holds no key.
    """
    # Not pathlib: this leaves the ~ alone where there is no home.
    expanded = os.path.expanduser(path)  # noqa: PTH111
    content = _content(expanded, is_named, warn, sanitizer)
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(content)
    except configparser.Error as error:
        # The parser's own message quotes the line, and the line may hold a key.
        broken = getattr(error, "errors", None)
        line = getattr(error, "lineno", None) or (broken[0][0] if broken else "?")
        raise CredentialsError(f"the credentials file has an error in line {line}", _INI) from None
    basic = parser["basic"] if parser.has_section("basic") else {}
    values = {name: basic[key].strip() for name, key in KEYS.items() if basic.get(key, "").strip()}
    if is_named and not {"access_key", "secret_key"} & set(values):
        lacks = "no ak and sk in its section [basic]" if parser.has_section("basic") else "no section [basic]"
        raise CredentialsError(f"the credentials file '{sanitizer(expanded)}' has {lacks}", _INI)
    return values


def _content(path: str, is_named: bool, warn: Callable[[str], None], sanitizer: Sanitizer) -> str:
    """Return the file's text; empty when it is the default file and does not exist."""
    shown = f"'{sanitizer(path)}'"
    try:
        # O_NONBLOCK: a pipe in its place must not hold the gate.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        if is_named:
            raise CredentialsError(f"the credentials file {shown} is not there", "correct its path") from None
        return ""
    except OSError as error:
        raise CredentialsError(f"the credentials file {shown} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CredentialsError(f"the credentials file {shown} is not a path", "correct its path") from None
    # Checked before it is made a file object: Python refuses to make one of a folder.
    try:
        _check_file(os.fstat(descriptor), shown, warn)
        content = os.read(descriptor, _LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LIMIT:
        raise CredentialsError(f"the credentials file {shown} is larger than 64 KiB", "correct its path")
    return _text(content, shown)


def _text(content: bytes, shown: str) -> str:
    """Return the text of a credentials file, without its byte order mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CredentialsError(f"the credentials file {shown} is UTF-16", "save it as UTF-8")
    text = content.decode("utf-8-sig", "replace")
    if "\N{REPLACEMENT CHARACTER}" in text or "\0" in text:
        raise CredentialsError(f"the credentials file {shown} is not UTF-8 text", "save it as UTF-8")
    if text.lstrip().startswith("$ANSIBLE_VAULT;"):
        problem = f"the credentials file {shown} is encrypted with Ansible Vault, and is read as it is"
        hint = "put the keys into a vaulted file of variables and give them as access_key and secret_key"
        raise CredentialsError(problem, hint)
    return text


def _check_file(status: os.stat_result, shown: str, warn: Callable[[str], None]) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CredentialsError(f"the credentials file {shown} is not a regular file", "correct its path")
    if status.st_uid not in (os.geteuid(), 0):
        raise CredentialsError(f"the credentials file {shown} belongs to someone else", "use a file of your own")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CredentialsError(f"others may write the credentials file {shown}", "set its mode to 0600")
    if status.st_mode & (stat.S_IRGRP | stat.S_IROTH):
        warn(f"others may read the credentials file {shown}; set its mode to 0600")
