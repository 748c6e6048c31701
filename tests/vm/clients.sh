#!/bin/dash
# SPDX-License-Identifier: LGPL-2.1-or-later
# clients.sh ROWS OUT: every row's command in turn; OUT/N.out, N.err, N.status.
# The environment has B, P and A.
rows=$1 out=$2 n=0
mkdir -p "$out"
exec 9<"$rows"
while IFS='|' read -r client _ command <&9; do
    case $client in '#'* | '') continue ;; esac
    n=$((n + 1))
    (eval "$command") >"$out/$n.out" 2>"$out/$n.err" </dev/null 9<&-
    echo $? >"$out/$n.status"
done
