# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the connection: where ASM is, and which credentials to use."""

from __future__ import annotations


class ModuleDocFragment:
    """`DOCUMENTATION` for the module and the lookup, `PLUGINS` with the sources that only a plugin has."""

    DOCUMENTATION = r"""
options:
  region:
    description:
      - Region of the mesh, such as V(cn-north-4). The region determines O(endpoint) and O(iam_endpoint) unless they are
        set.
      - Also from the environment, as E(HW_REGION_NAME), E(OS_REGION_NAME).
    type: str
  endpoint:
    description:
      - URL of ASM, as C(https://host[:port][/path]). C(http://) is accepted only for loopback addresses.
      - Also from the environment, as E(HUAWEICLOUD_ASM_ENDPOINT), then as the SDK's variable for the region,
        C(HUAWEICLOUD_SDK_REGION_ASM_<REGION>).
    type: str
  iam_endpoint:
    description:
      - URL of IAM, for a login with O(username). The default comes from the source of the password, then from the
        region.
      - Also from the environment, as E(HUAWEICLOUD_SDK_IAM_ENDPOINT), E(HW_AUTH_URL), E(OS_AUTH_URL).
    type: str
  auth_type:
    description:
      - Kind of credentials to use. With V(auto), the first source that has any part of a set decides. The sources are
        the options, the environment variables of the SDK (C(HUAWEICLOUD_SDK_…)), of Terraform (C(HW_…)) and of
        OpenStack (C(OS_…)), and the credentials file.
      - Within one source of the environment, a token is preferred to a key pair, and a key pair to a user. Two kinds
        among the options are an error. Sets are never mixed across sources.
      - V(ecs_agency) uses the temporary keys of the agency of the ECS instance that the task runs on.
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
      - IAM token, sent as C(X-Auth-Token).
      - Also from the environment, as E(HW_AUTH_TOKEN), E(OS_AUTH_TOKEN).
    type: str
  access_key:
    description:
      - Access key (AK) of a key pair. Requires O(secret_key).
      - Also from the environment, as E(HUAWEICLOUD_SDK_AK), E(HW_ACCESS_KEY), E(OS_ACCESS_KEY).
    type: str
  secret_key:
    description:
      - Secret key (SK) of the key pair. The key pair signs each request.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SK), E(HW_SECRET_KEY), E(OS_SECRET_KEY).
    type: str
  security_token:
    description:
      - Security token of a temporary key pair.
      - Also from the environment, as E(HUAWEICLOUD_SDK_SECURITY_TOKEN), E(HW_SECURITY_TOKEN).
    type: str
  username:
    description:
      - Name of the IAM user to log in with. Requires O(password) and O(domain_name).
      - Also from the environment, as E(HW_USER_NAME), E(OS_USERNAME).
    type: str
  password:
    description:
      - Password of the user.
      - Also from the environment, as E(HW_USER_PASSWORD), E(OS_PASSWORD).
    type: str
  domain_name:
    description:
      - Name of the account (domain) that the user belongs to.
      - Also from the environment, as E(HW_DOMAIN_NAME), E(OS_DOMAIN_NAME).
    type: str
  project_id:
    description:
      - ID of the project. With a key pair, only a subproject needs it (C(X-Project-Id)).
      - Also from the environment, as E(HUAWEICLOUD_SDK_PROJECT_ID), E(HW_PROJECT_ID), E(OS_PROJECT_ID).
    type: str
  project_name:
    description:
      - Name of the project to log in to. The default is the project of the region.
      - Also from the environment, as E(HW_PROJECT_NAME), E(OS_PROJECT_NAME).
    type: str
  credentials_file:
    description:
      - The SDK's file with a key pair in the section C([basic]). The default is C(~/.huaweicloud/credentials). The file
        is the last of all sources.
      - The file must belong to the user or to root, and no other user may have write access.
      - Also from the environment, as E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
      - Give an absolute path. A relative one starts in the folder of the playbook for the module, in the current
        directory for the lookup, and in either of them if it comes from the environment.
    type: path
  validate_certs:
    description:
      - Whether to verify certificates. Without verification, anyone on the network path can read the credentials.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificate authorities to trust. The default comes from C(REQUESTS_CA_BUNDLE), C(CURL_CA_BUNDLE)
        or C(SSL_CERT_FILE) in the environment. Give an absolute path, as for O(credentials_file).
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
