#!/usr/bin/env bash
# Every code that a client can meet has its words in the catalogue, in all three languages: codes in C (fail, fault), in SQL
# (refuse), and the dotted names of constraints. A Khmer text that has no Khmer letter is a text somebody forgot.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
CATALOGUE=shared/http/messages.tsv
failed=0

used_codes() {
    local sources
    mapfile -t sources < <(git ls-files -co --exclude-standard 'modules/*.c' 'shared/http/*.c')
    # fail(r, E_X, "code") and fail_with(r, E_X, 404, "code", …), also over a line's end
    cat "${sources[@]}" | tr '\n' ' ' | grep -oE 'fail(_with)?\([^;"]*"[a-z_.]+"' | grep -oE '"[a-z_]+(\.[a-z_]+)+"|"(not_found|internal)"' | tr -d '"'
    cat "${sources[@]}" | grep -oE '\.code = "[a-z_.]+"' | grep -oE '"[a-z_.]+"' | tr -d '"'
    grep -ohE "refuse\('DT[0-9]{3}', '[a-z_.]+'" database/functions/*.sql | grep -oE "'[a-z_.]+'$" | tr -d "'"
    # faults of fields stand under field.<code>
    cat "${sources[@]}" | tr '\n' ' ' | grep -oE '[^a-z_]fault\(r, [^;]*"[a-z_]+"\)' | grep -oE '"[a-z_]+"\)$' | tr -d '")' | sed 's/^/field./'
}

# Constraints that input can break although each field is right by itself. The others (states, pairs, forms of what programs
# write) would be faults of ours, and are answered with the title of their status.
constraint_codes() {
    grep -ohE '(CONSTRAINT|UNIQUE INDEX) "[a-z_]+\.[a-z_]+"' database/migrations/*.sql | grep -oE '"[^"]+"' | tr -d '"' |
        grep -E '(_length|_range|_taken|_order|\.exists|\.not_oneself|\.already_[a-z]+|\.lifetime|_size|\.emergency_contact)$' |
        grep -vE '^(audit|dataset|queue|chat|ingredient|lexicon|interaction|provenance|payment|plan|subscription|calendar|device|event|identity|code|recovery_code)\.|\.(confidence_range|image_[a-z]+|rectified_size|grace_order|user_agent_length|period_order|late_only_taken|code_taken|sequence_taken)$'
}

known=$(cut -f1 "$CATALOGUE" | grep -v '^#' | sort -u)
missing=$(comm -23 <(used_codes | sort -u) <(echo "$known"))
if [ -n "$missing" ]; then
    echo "codes without words in $CATALOGUE:"
    while read -r code; do echo "    $code"; done <<<"$missing"
    failed=1
fi
missing=$(comm -23 <(constraint_codes | sort -u) <(echo "$known"))
if [ -n "$missing" ]; then
    echo "constraints without words in $CATALOGUE:"
    while read -r code; do echo "    $code"; done <<<"$missing"
    failed=1
fi

LC_ALL=C.UTF-8 awk -F '\t' '
    /^#/ || /^$/ { next }
    NF != 4 { print FILENAME ":" FNR ": a line has a code and three texts"; bad = 1; next }
    $1 in seen { print FILENAME ":" FNR ": " $1 " stands twice"; bad = 1 }
    { seen[$1] = 1 }
    $2 == $3 && $1 !~ /^status\./ { print FILENAME ":" FNR ": " $1 " is the same in English and French"; bad = 1 }
    $4 !~ /[ក-៿]/ { print FILENAME ":" FNR ": " $1 " is not in Khmer"; bad = 1 }
    END { exit bad }' "$CATALOGUE" || failed=1

[ "$failed" = 0 ] && echo "$(wc -l <<<"$known") codes, each in English, French and Khmer"
exit "$failed"
