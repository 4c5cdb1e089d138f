# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for loopback, from an authority that is made for one run and thrown away."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

from .listener import HOST

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("valid", "wrong-host")


def server_context(kind: str, ca_path: Path) -> ssl.SSLContext:
    """A TLS context of the given kind; the certificate of its authority is written to ``ca_path``."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_path))
    names = ("asm.example",) if kind == "wrong-host" else (HOST, "localhost")
    certificate = authority.issue_cert(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
