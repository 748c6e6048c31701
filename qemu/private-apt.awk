# SPDX-License-Identifier: GPL-2.0-or-later
# Derives apt entries from the machine's own on stdin; see private-apt.sh.
# form: list or deb822; types: "deb deb-src"; extra: further suites;
# codename: the machine's release.

function is_own(suite)
{
    sub(/[-\/].*/, "", suite)
    return suite == codename || suite ~ /^(old)*stable$/ ||
           suite ~ /^(testing|unstable|sid|experimental)$/
}

# The extra suites that live where this suite, with main in it, does.
function derived(suite, components,    i, n, names, out, security)
{
    security = suite ~ /[-\/]security$/
    if (!is_own(suite) || (" " components " ") !~ / main / ||
        (suite ~ /[-\/]/ && !security))
        return ""
    n = split(extra, names, " ")
    for (i = 1; i <= n; i++)
        if (security == (names[i] ~ /-security$/))
            out = out " " names[i]
    return out
}

function unique(words,    i, n, names, seen, out)
{
    n = split(words, names, " ")
    for (i = 1; i <= n; i++)
        if (!(names[i] in seen)) {
            seen[names[i]] = 1
            out = out (out == "" ? "" : " ") names[i]
        }
    return out
}

function list_entry(    options, rest, word, n, i, j, k, suites, s, t, kinds)
{
    if ($0 !~ /^[ \t]*deb[ \t]/)
        return
    sub(/#.*/, "")
    rest = $0
    sub(/^[ \t]*deb[ \t]+/, "", rest)
    if (match(rest, /^\[[^]]*\]/)) {
        options = substr(rest, 2, RLENGTH - 2)
        rest = substr(rest, RLENGTH + 1)
        gsub(/(^|[ \t])arch[-+]*=[^ \t]*/, "", options)
        options = options ~ /[^ \t]/ ? "[" options "] " : ""
    }
    n = split(rest, word, /[ \t]+/)
    j = word[1] == "" ? 2 : 1
    if (n < j + 1 || word[j] ~ /^cdrom:/)
        return
    for (i = j + 2; i <= n; i++)
        components = components (word[i] == "" ? "" : " ") word[i]
    s = (is_own(word[j + 1]) ? word[j + 1] : "") \
        derived(word[j + 1], components)
    s = split(s, suites, " ")
    t = split(types, kinds, " ")
    for (i = 1; i <= s; i++)
        for (k = 1; k <= t; k++)
            if (!((kinds[k], word[j], suites[i], components) in printed)) {
                printed[kinds[k], word[j], suites[i], components] = 1
                print kinds[k] " " options word[j] " " suites[i] components
            }
    components = ""
}

function begin_stanza()
{
    delete value
    body = ""
    name = ""
}

function end_stanza(    i, n, names, keep)
{
    n = split(value["suites"], names, " ")
    for (i = 1; i <= n; i++)
        keep = keep (is_own(names[i]) ? " " names[i] : "") \
               derived(names[i], value["components"])
    keep = unique(keep)
    if ((" " value["types"] " ") ~ / deb / && keep != "" &&
        tolower(value["enabled"]) !~ /no|false|off|0/ &&
        value["uris"] !~ /^ *cdrom:/)
        print "Types: " types "\nSuites: " keep "\n" body
    begin_stanza()
}

BEGIN { begin_stanza() }

form == "list" { list_entry(); next }

/^#/ { next }
/^[ \t]*$/ { end_stanza(); next }
/^[ \t]/ {
    if (name != "types" && name != "suites" && name != "architectures")
        body = body $0 "\n"
    value[name] = value[name] " " $0
    next
}
{
    name = tolower($0)
    sub(/:.*/, "", name)
    value[name] = $0
    sub(/^[^:]*:[ \t]*/, "", value[name])
    if (name != "types" && name != "suites" && name != "architectures")
        body = body $0 "\n"
}

END {
    if (form != "list")
        end_stanza()
}
