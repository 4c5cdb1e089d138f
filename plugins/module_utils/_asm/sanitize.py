# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Foreign text, made safe to show.

Names, phases and error texts come from outside. Whatever of them ends in a message, a progress line or a
summary passes through one `Sanitizer`: secrets out first, then control characters, then the length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Callable
from urllib.parse import quote

from ansible.module_utils.common.parameters import remove_values, sanitize_keys

SHOWN_CHARACTERS = 200

# Azure Pipelines runs ##[…] and ##vso[…] found anywhere in a log, TeamCity and Octopus likewise ##teamcity[…] and
# ##octopus[…], GitHub ::command …:: found at the start of a line.
# The end of a command is not looked for: it may stand in another text of the same line.
_PIPELINE_COMMANDS = re.compile(r"#(?=#\w*\[)|:(?=:[a-z])", re.IGNORECASE)

# What begins a template for Ansible ("{{", "{%", "{#", a header "#jinja2:" that names other delimiters), a vaulted
# text, or a key that Ansible's JSON decoders interpret. The end of a text and a quote count as well: what follows may
# complete the beginning when texts are joined. A backslash may spell any of them: ansible-rulebook, and ansible-core
# before 2.19, evaluate a text that reads like a Python literal.
_TEMPLATES = re.compile(r"\{(?=[{%#'\"]|\Z)|#(?=[j'\"]|\Z)|\\|\$(?=ANSIBLE_VAULT)|__(?=ansible_)", re.IGNORECASE)


def printable(text: str) -> str:
    r"""Return text on one line: what is not printable (newlines, C1 and bidi controls included) as \uXXXX, commands to
    a pipeline's log broken by a blank."""
    shown = text
    if not text.isprintable():
        shown = "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
    return _PIPELINE_COMMANDS.sub(lambda found: found.group() + " ", shown)


def untemplated(text: str) -> str:
    """Return text with each beginning of a template broken by a blank. No text joined of the results begins a template
    either.

    ansible-rulebook hands events to playbooks as extra variables: templates that Ansible trusts and runs.
    """
    return _TEMPLATES.sub(lambda found: found.group() + " ", text)


def throughout(change: Callable[[str], str], value: Any) -> Any:
    """Return value (text, or any nesting of lists and dicts) with each text in it changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {throughout(change, key): throughout(change, each) for key, each in value.items()}
    return [throughout(change, each) for each in value] if isinstance(value, list) else value


def identifier(text: str) -> str:
    """Return text with everything percent-encoded but letters, digits and `-_.~:/*`; real identifiers stay as they are.

    A rulebook can hand such text to a playbook, a command or a path of a URL.
    """
    return quote(text, safe=":/*")


def listed(texts: Iterable[str]) -> str:
    """Return texts as one list in a sentence, or `nothing`."""
    return ", ".join(texts) or "nothing"


def shortened(text: str) -> str:
    """Return text cut to `SHOWN_CHARACTERS`."""
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def quoted(text: str) -> str:
    """Return text in quotes, for a sentence that is redacted later: it is not cut, because half a secret would stay."""
    return f"'{printable(text)}'" if len(text) <= SHOWN_CHARACTERS else f"a text of {len(text)} characters"


class Sanitizer:
    """Removes secrets and control characters from what is shown.

    It learns the secrets of a run as they are met: options, environment, file, tokens obtained.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, *secrets: str | None) -> None:
        """Remember secrets; each is struck out from now on, wherever it stands, also as JSON or a URL holds it.

        A service may quote the body of a login, and a secret may stand in the place of an id.
        """
        for secret in filter(None, secrets):
            in_json = (json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
            self._secrets.update((secret, *in_json, quote(secret, safe="", errors="surrogatepass")))

    def redact(self, value: Any) -> Any:
        """Return value (text, or any nesting of lists and dicts) with asterisks for each secret."""
        # A search is faster than a copy, and there is seldom anything to strike out.
        return remove_values(value, self._longest_first()) if self._is_in(value) else value

    def redact_keys(self, value: Any) -> Any:
        """Return a foreign object with asterisks for each secret in its keys as well."""
        return sanitize_keys(self.redact(value), self._longest_first()) if self._is_in(value) else value

    def _is_in(self, value: Any) -> bool:
        """Return whether a secret stands in value, keys and numbers included."""
        if isinstance(value, dict):
            return any(self._is_in(each) for pair in value.items() for each in pair)
        if isinstance(value, (list, tuple)):
            return any(map(self._is_in, value))
        text = value if isinstance(value, str) else str(value)
        return any(secret in text for secret in self._secrets)

    def _longest_first(self) -> list[str]:
        """Return the secrets so that of one that begins with another nothing stays: not every ansible-core sorts."""
        return sorted(self._secrets, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return foreign text fit for a message: at most `SHOWN_CHARACTERS` long, and without secrets.

        The order matters: a secret that is cut or escaped first is no longer found.
        """
        # Escaping only makes text longer, so what is cut off here would not be shown; a phase may be 64 MiB long.
        return shortened(printable(self.redact(text)[: SHOWN_CHARACTERS + 1]))
