#!/usr/bin/env bash
# scripts/export-lexicon on the cluster that PGHOST, PGUSER and PGDATABASE name (scripts/test-sql runs it): no room half-way, killed
# half-way, no database, two at once; and what the stack's start makes of it. Room ends by a limit on file sizes, so that nothing has to
# be mounted.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
export DASTERN_DB_ADMIN="host=$PGHOST dbname=$PGDATABASE user=$PGUSER"
FILE=$DIR/lexicon.tsv

export_lexicon() { "$ROOT/scripts/export-lexicon" "$FILE" 2>"$DIR/said"; }
check() { # what, got, expected
    [ "$2" = "$3" ] || { echo "lexicon_test: $1: got $2, expected $3" >&2; exit 1; }
}
put_old() { echo 'an old name' >"$FILE"; }
is_old() { check "$1: the old file" "$(cat "$FILE")" 'an old name'; }
left_behind() { find "$DIR" -name 'lexicon.tsv.new*' | wc -l; }

psql -Xq <<'SQL'
INSERT INTO dataset_versions (id, name, version, source, licence)
VALUES ('00000000-0000-7000-8000-00000000dada', 'lexicon-test', '1', 'made up', 'MIT');
INSERT INTO drug_ingredients (id, name, dataset_id)
VALUES ('00000000-0000-7000-8000-00000000dadb', 'testine', '00000000-0000-7000-8000-00000000dada');
INSERT INTO drug_lexicon (name, kind, language, ingredient_id, dataset_id)
SELECT 'Testine number ' || n, 'brand', 'en', '00000000-0000-7000-8000-00000000dadb', '00000000-0000-7000-8000-00000000dada'
  FROM generate_series(1, 2000) n;
SQL
NAMES=$(psql -XAtc 'SELECT count(DISTINCT name) FROM drug_lexicon')

export_lexicon
check 'all names' "$(wc -l <"$FILE")" "$NAMES"
check 'readable for the reader' "$(stat -c %a "$FILE")" 644

put_old
if (ulimit -f 8; export_lexicon); then echo 'lexicon_test: no room was not noticed' >&2; exit 1; fi
is_old 'no room'
check 'no room: said' "$(grep -c "$FILE could not be written" "$DIR/said")" 1
check 'no room: nothing left behind' "$(left_behind)" 0

if DASTERN_DB_ADMIN="$DASTERN_DB_ADMIN port=1" export_lexicon; then echo 'lexicon_test: no database was not noticed' >&2; exit 1; fi
is_old 'no database'

# A psql that has written a part and then hangs.
mkdir "$DIR/bin"
printf '#!/bin/sh\necho "Testine numb"\nexec sleep 60\n' >"$DIR/bin/psql"
chmod 755 "$DIR/bin/psql"
for signal in TERM KILL; do
    PATH=$DIR/bin:$PATH setsid "$ROOT/scripts/export-lexicon" "$FILE" 2>"$DIR/said" & job=$!
    for _ in {1..100}; do grep -qs numb "$DIR"/lexicon.tsv.new* && break; sleep 0.05; done
    kill -s "$signal" -- -"$job"
    if wait "$job" 2>/dev/null; then echo "lexicon_test: ended well by $signal" >&2; exit 1; fi
    is_old "killed by $signal"
done
check 'two at once' "$(export_lexicon & export_lexicon && wait $! && echo good)" good
check 'two at once: all names' "$(wc -l <"$FILE")" "$NAMES"

# --- the start of the stack, with a script that fails in place of the real one
start() (
    mkdir -p "$DIR/stack/log" "$DIR/app/scripts"
    cd "$DIR/stack"
    printf '#!/bin/sh\necho "$1 could not be written" >&2\nexit 1\n' >"$DIR/app/scripts/export-lexicon"
    chmod 755 "$DIR/app/scripts/export-lexicon"
    APP=$DIR/app
    say() { echo "$*"; }
    fail() { echo "$*"; exit 1; }
    PATH=$PATH   # stack-setup changes it
    . "$ROOT/scripts/stack-setup"
    write_lexicon
)
if start >"$DIR/said" 2>&1; then echo 'lexicon_test: a start without drug names' >&2; exit 1; fi
check 'a start without any list: said' "$(grep -c 'there is no list of drug names' "$DIR/said")" 1
echo 'an old name' >"$DIR/stack/lexicon.tsv"
start >"$DIR/said" 2>&1
check 'a start with the old list: said' "$(grep -c 'WARNING: the list of drug names could not be written' "$DIR/said")" 1
echo 'lexicon_test: ok'
