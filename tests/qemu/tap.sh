# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# TAP for test scripts: one command, its exit status, its output.

tap_number=0 tap_bad=0 tap_tmp=$(mktemp -d)
trap 'rm -rf "$tap_tmp"' EXIT

# tap NAME PASSED [DETAIL-FILE]... with PASSED 0 or 1 as a status has it.
tap()
{
    local name=$1 status=$2 file
    shift 2
    tap_number=$((tap_number + 1))
    if [ "$status" -eq 0 ]; then
        echo "ok $tap_number - $name"
        return 0
    fi
    echo "not ok $tap_number - $name"
    for file in "$@"; do
        sed 's/^/# /' "$file"
    done
    tap_bad=1
}

tap_skip() # NAME REASON
{
    tap_number=$((tap_number + 1))
    echo "ok $tap_number - $1 # SKIP $2"
}

# check NAME STATUS STDOUT STDERR COMMAND...: the two are extended regular
# expressions for the whole of what was said, '' for nothing at all.
check()
{
    local name=$1 want=$2 out=$3 err=$4 status=0 good=0
    shift 4
    "$@" >"$tap_tmp/out" 2>"$tap_tmp/err" </dev/null || status=$?
    [ "$status" -eq "$want" ] || good=1
    [[ $(<"$tap_tmp/out") =~ ^${out}$ ]] || good=1
    [[ $(<"$tap_tmp/err") =~ ^${err}$ ]] || good=1
    {
        echo "status $status, wanted $want"
        echo "stdout, wanted ^$out\$:"
        cat "$tap_tmp/out"
        echo "stderr, wanted ^$err\$:"
        cat "$tap_tmp/err"
    } >"$tap_tmp/all"
    tap "$name" $good "$tap_tmp/all"
}

tap_done()
{
    echo "1..$tap_number"
    exit $tap_bad
}
