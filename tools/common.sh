# shellcheck shell=bash
# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the scripts in this folder share. They source it from the top of the checkout.

# The version of uv that creates every environment.
uv_version=0.13.9
# No setting of the machine's own Ansible may reach in.
unset "${!ANSIBLE_@}"
# Nothing is fetched but packages: a missing Python is reported, never downloaded.
export UV_PYTHON_DOWNLOADS=never
# find_pip: prints the path of an interpreter that has pip. That of an active environment often has none.
find_pip() {
    local candidate
    for candidate in python3 /usr/bin/python3 "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/*/bin/python; do
        if "$candidate" -m pip --version >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

pip_python=$(find_pip) || pip_python=python3
# Certificates and the package index are the machine's, as they are for pip.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$("$pip_python" -m pip config get global.index-url 2>/dev/null || true)}}
if [ -n "$index" ]; then
    export UV_DEFAULT_INDEX=$index
fi
# Everything that is generated stays in the checkout.
export UV_CACHE_DIR=$PWD/.cache/uv/cache
export ANSIBLE_HOME=$PWD/.cache/ansible

# fail SENTENCE…: says why and ends the script.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# find_python VERSION…: prints the path of an interpreter of the first version that is on this machine.
# Each candidate is run, because a pyenv shim of a version that is not active is there but does not work.
find_python() {
    local version candidate
    for version in "$@"; do
        for candidate in python3 "python$version" "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/"$version"{,.*}/bin/python; do
            if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
                "$candidate" -c 'import sys; print(sys.executable)'
                return
            fi
        done
    done
    return 1
}

# provide_uv: prints the path of uv, which pip has installed under .cache.
provide_uv() {
    local folder=.cache/uv/$uv_version
    if [ ! -x "$folder/bin/uv" ]; then
        find_pip >/dev/null || fail "no Python on this machine has pip, which installs everything else. Install it (on Debian: python3-pip)."
        "$pip_python" -m pip install -qq --no-warn-script-location --root-user-action=ignore --disable-pip-version-check \
            --upgrade --target "$folder" "uv==$uv_version" >&2
    fi
    printf '%s\n' "$PWD/$folder/bin/uv"
}
