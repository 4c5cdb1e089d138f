# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx lays out the documentation, from the pages that antsibull-docs has written (see tools/build-docs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "huaweicloud.asm"
project_copyright = "2026, the huaweicloud.asm contributors"
html_title = "huaweicloud.asm"

extensions = ["sphinx_antsibull_ext"]
# A reference that leads nowhere is a warning, and tools/build-docs lets no warning pass.
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False

ANSIBLE_DOCUMENTATION = "https://docs.ansible.com/projects/ansible/latest/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
"""What antsibull-docs refers to in the documentation of Ansible. intersphinx would fetch a list of all of it."""

TITLES = {
    "Huaweicloud.Asm Release Notes": "Release notes",
    "Index of all Collection Environment Variables": "Environment variables",
}
"""Titles of antsibull-docs, and what the list of pages and the front page have in their place."""


def lay_out(_app: Sphinx, page: nodes.document) -> None:
    """Fit a page of antsibull-docs to the theme."""
    # The theme shows the contents of every page beside it, and an error where a page does so itself.
    for topic in list(page.findall(nodes.topic)):
        if "contents" in topic["classes"]:
            topic.parent.remove(topic)
    # "huaweicloud.asm.NAME module – what it does" is too much for a list of pages and for a narrow screen.
    for title in list(page.findall(nodes.title))[:1]:
        name, _dash, description = title.astext().partition(" – ")
        if description:
            title.children = [nodes.Text(name.removeprefix(f"{project}."))]
            title.parent.insert(title.parent.index(title) + 1, nodes.paragraph("", description))
        elif name in TITLES:
            title.children = [nodes.Text(TITLES[name])]


def link_to_ansible(
    _app: Sphinx, _environment: BuildEnvironment, reference: pending_xref, text: nodes.TextElement
) -> nodes.reference | None:
    """Return the link that a label of Ansible's own documentation stands for."""
    page = LABELS.get(reference["reftarget"])
    if page is None:
        return None
    return nodes.reference("", "", text, internal=False, refuri=ANSIBLE_DOCUMENTATION + page)


def setup(app: Sphinx) -> None:
    """Extend Sphinx."""
    # Before Sphinx notes the titles.
    app.connect("doctree-read", lay_out, priority=100)
    app.connect("missing-reference", link_to_ansible)
