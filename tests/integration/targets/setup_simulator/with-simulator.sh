#!/usr/bin/env bash
# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs a command while a simulator of the service serves on loopback: with-simulator.sh COMMAND ARGUMENT…
# The command finds the simulator and a token for it in the environment, as any user would.
set -euo pipefail
scenario=$(cd "$(dirname "$0")" && pwd)/scenario.yml
# ansible-test runs a target in a copy under the collection's own tests/output.
collection=${PWD%/tests/output/*}
collection=${collection%/tests/integration/*}

# It ends with its standard input too, so it cannot outlive this script, however that ends.
coproc simulator {
    cd "$collection"
    exec python -m tests.simulator "$scenario" --until-stdin-closes
}
stop_simulator() {
    # It may have stopped by itself: Ctrl-C reaches it too.
    [ -z "${simulator_PID:-}" ] || kill "$simulator_PID" 2>/dev/null || true
    wait
}
trap stop_simulator EXIT
read -r -t 60 -u "${simulator[0]}" address || {
    echo "error: the simulator did not start within 60 s; its output is above." >&2
    exit 1
}

HUAWEICLOUD_ASM_ENDPOINT=$(python -c 'import json, sys; print(json.loads(sys.argv[1])["url"])' "$address")
export HUAWEICLOUD_ASM_ENDPOINT HW_AUTH_TOKEN=invented-token-for-ansible-test
"$@"
