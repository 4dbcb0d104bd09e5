# queries.sql -> C. Blocks "-- name: <name>" hold one statement each; :name becomes $n in order of first use.
# Run twice per file: -v part=header and -v part=source, with -v unit=<area>.
# Knows what a colon may stand in: 'strings', "identifiers", $tag$bodies$tag$, comments and :: casts.

function fail(why) {
    printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
    failed = 1
    exit 1
}

function escape(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return s
}

function param(p) {
    if (!(p in index_of)) {
        index_of[p] = ++count
        params[count] = p
    }
    return "$" index_of[p]
}

# Rewrites one line; `mode` ("" | "'" | "\"" | a $tag$) survives the end of the line.
function rewrite(line,    out, c) {
    out = ""
    while (line != "") {
        c = substr(line, 1, 1)
        if (mode != "") {
            if (substr(line, 1, length(mode)) == mode) {
                out = out mode
                line = substr(line, length(mode) + 1)
                mode = ""
            } else {
                out = out c
                line = substr(line, 2)
            }
        } else if (substr(line, 1, 2) == "--") {
            line = ""
        } else if (c == "'" || c == "\"") {
            mode = c
            out = out c
            line = substr(line, 2)
        } else if (match(line, /^\$[a-z_]*\$/)) {
            mode = substr(line, 1, RLENGTH)
            out = out mode
            line = substr(line, RLENGTH + 1)
        } else if (substr(line, 1, 2) == "::") {
            out = out "::"
            line = substr(line, 3)
        } else if (match(line, /^:[a-z_][a-z0-9_]*/)) {
            out = out param(substr(line, 2, RLENGTH - 1))
            line = substr(line, RLENGTH + 1)
        } else {
            out = out c
            line = substr(line, 2)
        }
    }
    if (mode == "")
        sub(/[ \t]+$/, "", out)
    return out
}

function flush_statement(    i, n, lines) {
    if (name == "")
        return
    if (mode != "")
        fail("statement " name " ends inside " mode)
    sub(/;[ \t\n]*$/, "", text)
    if (text ~ /^[ \t\n]*$/)
        fail("statement " name " is empty")
    names = names "    &SQL_" name ",\n"
    if (part == "header") {
        printf "extern const struct sql_stmt SQL_%s;\n", name
        return
    }
    printf "const struct sql_stmt SQL_%s = {\n    .name = \"%s\",\n    .params = (const char *const[]){", name, name
    for (i = 1; i <= count; i++)
        printf "\"%s\", ", params[i]
    printf "NULL},\n    .count = %d,\n    .text =", count
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++)
        if (lines[i] != "")
            printf "\n        \"%s\\n\"", escape(lines[i])
    printf "};\n\n"
}

BEGIN {
    printf "/* Generated from the queries.sql of %s: do not edit. */\n", unit
    if (part == "header")
        printf "#ifndef GENERATED_%s_SQL_H\n#define GENERATED_%s_SQL_H\n\n#include \"db/statement.h\"\n\n", toupper(unit), toupper(unit)
    else
        printf "#include \"%s_sql.h\"\n\n", unit
}

/^-- name: / {
    flush_statement()
    name = $3
    if (name !~ /^[a-z][a-z0-9_]*$/)
        fail("not a statement name: " name)
    if (name in seen)
        fail("statement " name " stands twice")
    seen[name] = 1
    text = ""
    mode = ""
    count = 0
    delete index_of
    delete params
    next
}

name == "" && !/^(--.*)?[ \t]*$/ { fail("text before the first -- name:") }
name != "" { text = text rewrite($0) "\n" }

END {
    if (failed)
        exit 1
    flush_statement()
    if (part == "header")
        printf "\n/* All of them, NULL-terminated, for checking. */\nextern const struct sql_stmt *const SQL_ALL_%s[];\n\n#endif\n", unit
    else
        printf "const struct sql_stmt *const SQL_ALL_%s[] = {\n%s    NULL};\n", unit, names
}
