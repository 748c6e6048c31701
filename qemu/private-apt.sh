# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An apt configuration of one's own beside the machine's, which is only read:
# its sources, keys, proxies and pins hold, with source packages, another
# suite or another architecture added. Sourced by qemu/prepare-headers and
# tests/cache.

apt_here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# The release that this machine runs, "bookworm".
apt_codename()
{
    (
        . /etc/os-release
        echo "${VERSION_CODENAME:-stable}"
    )
}

# apt_sources DIR TYPES [SUITE]... writes DIR/private.list and
# DIR/private.sources: the machine's own entries for its release, with the
# given types ("deb", "deb-src" or both), and each SUITE from where the
# machine gets its release. Entries of suites with other names are third
# parties' and are left out, as they need not have what is looked for.
apt_sources()
{
    local dir=$1 types=$2 list parts
    shift 2
    eval "$(apt-config shell list Dir::Etc::sourcelist/f \
        parts Dir::Etc::sourceparts/d)"
    : >"$dir/private.list"
    : >"$dir/private.sources"
    for list in "$list" "$parts"/*.list; do
        [ -r "$list" ] && cat "$list" && echo
    done | apt_derive list "$types" "$*" >"$dir/private.list"
    # A .sources entry ends at an empty line or at the end of its file.
    for list in "$parts"/*.sources; do
        [ -r "$list" ] && cat "$list" && echo
    done | apt_derive deb822 "$types" "$*" >"$dir/private.sources"
}

apt_derive()
{
    awk -v form="$1" -v types="$2" -v extra="$3" \
        -v codename="$(apt_codename)" -f "$apt_here/private-apt.awk"
}

# apt_private DIR ARCH TYPES [SUITE]... makes DIR/apt.conf; all that apt keeps
# is under DIR. ARCH is the machine's own, or another one, which then has an
# empty list of installed packages.
apt_private()
{
    local dir=$1 arch=$2 types=$3 target
    shift 3
    mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/archives/partial"
    apt_sources "$dir/parts" "$types" "$@"
    if [ ! -s "$dir/parts/private.list" ] &&
        [ ! -s "$dir/parts/private.sources" ]; then
        echo "apt has no source here for '$(apt_codename)', the release of" \
            "this machine" >&2
        return 1
    fi
    {
        cat <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$dir/parts";
Dir::State::lists "$dir/lists";
Dir::Cache::archives "$dir/archives";
Dir::Cache::pkgcache "$dir/pkgcache.bin";
Dir::Cache::srcpkgcache "$dir/srcpkgcache.bin";
APT::Sandbox::User "root";
APT::Default-Release "";
Acquire::Languages "none";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
        for target in DEP-11 DEP-11-icons DEP-11-icons-{small,large} \
            DEP-11-icons{,-small,-large}-hidpi CNF \
            Contents-{deb,deb-legacy,dsc,udeb}; do
            echo "Acquire::IndexTargets::deb::$target::DefaultEnabled false;"
        done
        if [ "$arch" != "$(dpkg --print-architecture)" ]; then
            : >"$dir/status"
            cat <<EOF
Dir::State::status "$dir/status";
APT::Architecture "$arch";
#clear APT::Architectures;
APT::Architectures { "$arch"; };
EOF
        fi
    } >"$dir/apt.conf"
}

# One unreachable entry need not matter: what is missing shows when it is used.
apt_update()
{
    apt-get -q -c "$1/apt.conf" update >"$1/update.log" 2>&1 && return 0
    grep '^[EW]:' "$1/update.log" | sed 's/^/  apt: /' >&2
    return 0
}

# apt_latest DIR PACKAGE: the highest version in any suite that was asked for.
apt_latest()
{
    apt-cache -c "$1/apt.conf" madison "$2" |
        awk -F ' *[|] *' '/ Packages$/ { print $2 }' | sort -Vr | head -n 1
}
