# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as plain text: Ansible hands over subclasses of `str` that carry tags, and inline vault (`!vault`) as an
object of a type of its own before ansible-core 2.19."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import UsageError


def decrypted_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with plain text for each text and for each value that is vaulted inline, within lists and mappings
    as well.

    Ansible's argument spec copies its parameters, which takes a millisecond longer with tags, and names the type of a
    wrong value in its message.

    Raises:
        UsageError: names the option that cannot be decrypted.
    """
    return {str(name): decrypted(name, value) for name, value in given.items()}


def decrypted(place: str, value: Any) -> Any:
    """Return one value likewise; an error names the place.

    Raises:
        UsageError: names the place.
    """
    try:
        return _decrypted(value)
    except AnsibleError:
        # Its text holds the ciphertext or a path.
        raise UsageError(
            f"{place} cannot be decrypted", "give the vault password or vault ID that encrypted it"
        ) from None


def _decrypted(value: Any) -> Any:
    # A vaulted value is an AnsibleVaultEncryptedUnicode, or what a later ansible-core uses instead.
    if isinstance(value, str) or getattr(value, "__ENCRYPTED__", False):
        return str(value)
    if isinstance(value, Mapping):
        return {_decrypted(key): _decrypted(each) for key, each in value.items()}
    return [_decrypted(each) for each in value] if isinstance(value, (list, tuple)) else value
