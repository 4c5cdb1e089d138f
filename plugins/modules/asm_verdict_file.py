#!/usr/bin/python
# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of `asm_verdict_file`; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: asm_verdict_file
short_description: Write the verdict of a gate to a file that a pipeline can read
version_added: 1.0.0
author:
  - the huaweicloud.asm contributors (@huaweicloud-asm)
description:
  - Writes the result of a gate of M(huaweicloud.asm.asm_release_info) as JSON, without what was read.
  - Without O(result), the file says that there is no verdict. Written before the gate is held, it takes the place of
    the verdict of an earlier run, and stays if this run is killed.
  - The file is replaced as a whole and only its owner may read it. It holds neither manifests nor credentials. A run
    that is killed while it writes can leave a file beside it whose name begins with a dot and ends with C(.tmp).
  - It runs in the controller, without a module on the host, and nothing of the result reaches the log of a system.
  - The playbook C(huaweicloud.asm.gate) does all of this with its variable C(verdict_file).
options:
  path:
    description:
      - The file. Its folder has to be there.
      - It is on the controller, whatever host the task is for. A relative path starts in the folder of the playbook.
      - A symbolic link is refused, and so is anything that is no regular file.
    type: path
    required: true
  result:
    description: What the task of the gate has registered, whether it has failed or not.
    type: dict
  run_id:
    description:
      - What tells this run from every other.
      - A fresh one is made if it is left out. Give RV(run_id) of the first task to the second.
    type: str
  check_mode:
    description: Whether the gate is held in check mode. The verdict is then what a single read would mean.
    type: bool
    default: false
  mesh_id:
    description: Written as it is, to tell which gate it was.
    type: str
  namespace:
    description: As O(mesh_id).
    type: str
  release_id:
    description: As O(mesh_id).
    type: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description: Writes nothing. With C(check_mode=false) on the task, it also writes in check mode.
    support: full
  diff_mode:
    description: Shows no difference.
    support: none
  platform:
    platforms: posix
seealso:
  - module: huaweicloud.asm.asm_release_info
  - name: In a pipeline
    link: https://github.com/huaweicloud-asm/ansible-collection-asm/blob/main/docs/docsite/rst/pipeline.rst
    description: The guide to the playbook C(huaweicloud.asm.gate) and to what its verdict file holds.
"""

EXAMPLES = r"""
- name: Say that there is no verdict yet
  huaweicloud.asm.asm_verdict_file:
    path: /var/lib/pipeline/verdict.json
  register: verdict_file

- name: Hold the gate and keep its verdict
  block:
    - name: Hold the play until the release runs
      huaweicloud.asm.asm_release_info:
        mesh_id: "{{ mesh_id }}"
        namespace: bookinfo
        release_id: "{{ release_id }}"
        wait: true
        success_phases:
          - Running
        failure_phases:
          - Failed
      register: held
  always:
    - name: Write the verdict
      huaweicloud.asm.asm_verdict_file:
        path: /var/lib/pipeline/verdict.json
        run_id: "{{ verdict_file.run_id }}"
        result: "{{ held }}"
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
run_id:
  description: What tells this run from every other.
  type: str
  returned: success
outcome:
  description: What the file says, as RV(huaweicloud.asm.asm_release_info#module:gate.outcome), or V(pending).
  type: str
  returned: success
"""
