# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that are vaulted inline, and texts of Ansible's own types, become plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.plugin_utils.vault import decrypted_options

CIPHERTEXT = "$ANSIBLE_VAULT;1.1;AES256\n6162"


class Vaulted(Sequence[str]):
    """As ansible-core before 2.19 has it: a sequence, and no text until it is asked for it."""

    __ENCRYPTED__ = True

    def __init__(self, text: str | None) -> None:
        self._text = text

    def __str__(self) -> str:
        if self._text is None:
            raise AnsibleError(f"Decryption failed on /playbook.yml: {CIPHERTEXT}")
        return self._text

    __repr__ = __str__

    def __len__(self) -> int:
        return len(str(self))

    def __getitem__(self, index: Any) -> Any:
        return str(self)[index]


class Tagged(str):
    """As Ansible hands text over."""


def test_become_text_wherever_they_stand() -> None:
    given: dict[str, Any] = {
        "token": Vaulted("secret"),
        "success_phases": [Vaulted("Running"), "Done"],
        "releases": [{"release_id": Vaulted("a"), "images": [Vaulted("b")], "version": 1.1}],
        "wait": True,
    }
    found = decrypted_options(given)
    assert found == {
        "token": "secret",
        "success_phases": ["Running", "Done"],
        "releases": [{"release_id": "a", "images": ["b"], "version": 1.1}],
        "wait": True,
    }
    assert found["token"].__class__ is str


def test_of_a_type_of_ansible_become_plain() -> None:
    found = decrypted_options({Tagged("releases"): [{Tagged("images"): [Tagged("app:1")]}]})
    (name,), (entry,) = found, found["releases"]
    assert [type(each) for each in (name, *entry, *entry["images"])] == [str, str, str]


@pytest.mark.parametrize(
    ("given", "name"),
    [({"token": Vaulted(None)}, "token"), ({"releases": [{"release_id": Vaulted(None)}]}, "releases")],
    ids=["an option", "within releases"],
)
def test_that_cannot_be_decrypted_are_named_and_not_shown(given: dict[str, Any], name: str) -> None:
    with pytest.raises(AsmError) as caught:
        decrypted_options(given)
    said = caught.value.sentence(str)
    assert (caught.value.kind, said) == (
        "usage",
        f"{name} cannot be decrypted; give the vault password or vault ID that encrypted it",
    )
