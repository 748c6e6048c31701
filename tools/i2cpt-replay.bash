# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of i2cpt-replay: verbs and options are asked of --help, and
# so are those of the program that is installed.
# shellcheck shell=bash

# Options of the usage line, and of the list below it: "  -o, --output TRACE".
_i2cpt_replay_options() {
    sed -n '/^Example/,$d; /^  -device/d; 1p; s/^  \(-.*\)/\1/p' |
        sed '1!s/  .*//' |
        grep -oE '(^|[^[:alnum:]_-])(--[a-z][a-z-]*|-[a-z]([^[:alnum:]-]|$))' |
        grep -oE -- '--?[a-z][a-z-]*' | sort -u
}

_i2cpt_replay_values() { # OPTION
    case $1 in
    --color) echo auto always never ;;
    --end) echo error hold loop ;;
    --match) echo per-address strict lookup ;;
    --redirect) echo auto seccomp preload ;;
    --timing) echo off recorded ;;
    esac
}

# compgen expands the words that it is given, and a dongle's serial number may
# be anything: what a shell would read something into is left out.
_i2cpt_replay_adapters() { # TOOL
    "$1" list | cut -d ' ' -f 1 | grep -x '[[:alnum:],./:=_-]*'
    "$1" list --backends | sed -n 's/^\([a-z0-9-]*\): .*/\1/p'
}

_i2cpt_replay() {
    local tool=$1 word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}
    local before=${COMP_WORDS[COMP_CWORD - 1]} words i

    COMPREPLY=()
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then # PROGRAM has its own
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i + 1 == COMP_CWORD)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$word")
            fi
            return
        fi
    done
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then # --color=WORD is three of bash's words
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD == 1)) || { ((COMP_CWORD == 2)) && [[ $verb == help ]]; }; then
        words=$("$tool" --help | sed -n 's/^  \([a-z-]*\)  *[A-Z].*/\1/p')
        ((COMP_CWORD == 1)) && words+=' help --help --version'
    elif [[ $before == -a || $before == --adapter ]]; then
        words=$(_i2cpt_replay_adapters "$tool" 2>/dev/null)
        compopt -o nospace 2>/dev/null
    else
        words=$(_i2cpt_replay_values "$before")
        if [[ -z $words && $word == -* ]]; then
            words="$("$tool" "$verb" --help 2>/dev/null |
                _i2cpt_replay_options) --help"
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

# Where nothing of it fits, file names.
complete -o default -o bashdefault -F _i2cpt_replay i2cpt-replay
