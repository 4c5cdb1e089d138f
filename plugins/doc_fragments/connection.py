# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the connection: where ASM is, and who asks."""

from __future__ import annotations


class ModuleDocFragment:
    """`DOCUMENTATION` for all, `PLUGINS` with environment and Ansible variables for the lookup."""

    DOCUMENTATION = r"""
options:
  region:
    description:
      - Region of the mesh, such as V(cn-north-4). It gives O(endpoint) and O(iam_endpoint) unless they are set.
      - Also from the environment, as E(HW_REGION_NAME), E(OS_REGION_NAME).
    type: str
  endpoint:
    description:
      - Where ASM is, as C(https://host[:port][/path]). C(http://) is accepted for this machine only.
      - Also from the environment, as E(HUAWEICLOUD_ASM_ENDPOINT), and after it as the SDK's variable for the region,
        C(HUAWEICLOUD_SDK_REGION_ASM_<REGION>).
    type: str
  iam_endpoint:
    description:
      - Where IAM is, for a login with O(username). It comes from this option, or from the source that gave the
        password, or from the region.
      - Also from the environment, as E(HUAWEICLOUD_SDK_IAM_ENDPOINT), E(HW_AUTH_URL), E(OS_AUTH_URL).
    type: str
  auth_type:
    description:
      - Which kind of credentials to use. With V(auto), the first source that has any part of a set decides. The
        sources are the options, the environment in the names of the SDK (C(HUAWEICLOUD_SDK_…)), of Terraform
        (C(HW_…)) and of OpenStack (C(OS_…)), and the credentials file.
      - Within one source, a token comes before a key pair, and a key pair before a user. Sets are never mixed across
        sources.
      - V(ecs_agency) takes the temporary keys of the agency of the ECS that this runs on, and is only used when asked
        for.
    type: str
    default: auto
    choices:
      - auto
      - token
      - aksk
      - password
      - ecs_agency
  token:
    description:
      - A token of IAM, sent as C(X-Auth-Token).
      - Also from the environment, as E(HW_AUTH_TOKEN), E(OS_AUTH_TOKEN).
    type: str
  access_key:
    description:
      - Access key (AK) of a key pair, which signs each request.
      - Also from the environment, as E(HUAWEICLOUD_SDK_AK), E(HW_ACCESS_KEY), E(OS_ACCESS_KEY).
    type: str
  secret_key:
    description:
      - Secret key (SK) of the key pair.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SK), E(HW_SECRET_KEY), E(OS_SECRET_KEY).
    type: str
  security_token:
    description:
      - Security token of a temporary key pair.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SECURITY_TOKEN), E(HW_SECURITY_TOKEN).
    type: str
  username:
    description:
      - Name of an IAM user, to log in with. Needs O(password) and O(domain_name).
      - Also from the environment, as E(HW_USER_NAME), E(OS_USERNAME).
    type: str
  password:
    description:
      - Password of the user.
      - Also from the environment, as E(HW_USER_PASSWORD), E(OS_PASSWORD).
    type: str
  domain_name:
    description:
      - Name of the account that the user belongs to.
      - Also from the environment, as E(HW_DOMAIN_NAME), E(OS_DOMAIN_NAME).
    type: str
  project_id:
    description:
      - ID of the project. With a key pair it is sent as C(X-Project-Id), which only sub-projects need.
      - Also from the environment, as E(HUAWEICLOUD_SDK_PROJECT_ID), E(HW_PROJECT_ID), E(OS_PROJECT_ID).
    type: str
  project_name:
    description:
      - Name of the project to log in to. The default is the project of the region.
      - Also from the environment, as E(HW_PROJECT_NAME), E(OS_PROJECT_NAME).
    type: str
  credentials_file:
    description:
      - The SDK's file with a key pair, in the section C([basic]). It is the last of all sources, and
        C(~/.huaweicloud/credentials) unless named.
      - It must belong to the user or to root, and nobody else may write it.
      - Also from the environment, as E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
    type: path
  validate_certs:
    description:
      - Whether certificates are checked. Without that, anyone on the way can read the credentials.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust. Else C(REQUESTS_CA_BUNDLE), C(CURL_CA_BUNDLE) or
        C(SSL_CERT_FILE) of the environment.
    type: path
"""

    PLUGINS = r"""
options:
  region:
    env:
      - name: HW_REGION_NAME
      - name: OS_REGION_NAME
    vars:
      - name: huaweicloud_asm_region
  endpoint:
    env:
      - name: HUAWEICLOUD_ASM_ENDPOINT
    vars:
      - name: huaweicloud_asm_endpoint
  iam_endpoint:
    env:
      - name: HUAWEICLOUD_SDK_IAM_ENDPOINT
      - name: HW_AUTH_URL
      - name: OS_AUTH_URL
    vars:
      - name: huaweicloud_asm_iam_endpoint
  auth_type:
    vars:
      - name: huaweicloud_asm_auth_type
  token:
    env:
      - name: HW_AUTH_TOKEN
      - name: OS_AUTH_TOKEN
    vars:
      - name: huaweicloud_asm_token
  access_key:
    env:
      - name: HUAWEICLOUD_SDK_AK
      - name: HW_ACCESS_KEY
      - name: OS_ACCESS_KEY
    vars:
      - name: huaweicloud_asm_access_key
  secret_key:
    env:
      - name: HUAWEICLOUD_SDK_SK
      - name: HW_SECRET_KEY
      - name: OS_SECRET_KEY
    vars:
      - name: huaweicloud_asm_secret_key
  security_token:
    env:
      - name: HUAWEICLOUD_SDK_SECURITY_TOKEN
      - name: HW_SECURITY_TOKEN
    vars:
      - name: huaweicloud_asm_security_token
  username:
    env:
      - name: HW_USER_NAME
      - name: OS_USERNAME
    vars:
      - name: huaweicloud_asm_username
  password:
    env:
      - name: HW_USER_PASSWORD
      - name: OS_PASSWORD
    vars:
      - name: huaweicloud_asm_password
  domain_name:
    env:
      - name: HW_DOMAIN_NAME
      - name: OS_DOMAIN_NAME
    vars:
      - name: huaweicloud_asm_domain_name
  project_id:
    env:
      - name: HUAWEICLOUD_SDK_PROJECT_ID
      - name: HW_PROJECT_ID
      - name: OS_PROJECT_ID
    vars:
      - name: huaweicloud_asm_project_id
  project_name:
    env:
      - name: HW_PROJECT_NAME
      - name: OS_PROJECT_NAME
    vars:
      - name: huaweicloud_asm_project_name
  credentials_file:
    env:
      - name: HUAWEICLOUD_SDK_CREDENTIALS_FILE
    vars:
      - name: huaweicloud_asm_credentials_file
  validate_certs:
    vars:
      - name: huaweicloud_asm_validate_certs
  ca_path:
    vars:
      - name: huaweicloud_asm_ca_path
"""
