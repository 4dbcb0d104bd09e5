#!/usr/bin/env bash
# scripts/migrate.sh itself, on a database of its own in the cluster that PGHOST and PGUSER name (scripts/test-sql runs it): two at once,
# a changed file, a file that fails half-way, a function that fails, a password where it could be read.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TREE=$(mktemp -d)
end() {
    rm -rf "$TREE"
    psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS migrate_test'
}
trap end EXIT
psql -Xq -d postgres -c 'CREATE DATABASE migrate_test OWNER dastern'
export DASTERN_DB_ADMIN="host=$PGHOST dbname=migrate_test user=$PGUSER"
mkdir "$TREE/scripts"
cp "$ROOT/scripts/migrate.sh" "$TREE/scripts/"
cp -r "$ROOT/database" "$TREE/"
MIGRATIONS=$TREE/database/migrations FUNCTIONS=$TREE/database/functions

migrate() { "$TREE/scripts/migrate.sh" "$@" >"$TREE/log.$BASHPID" 2>&1; }
value() { psql -XAt -d migrate_test -c "$1"; }
check() { # what, got, expected
    [ "$2" = "$3" ] || { echo "migrate_test: $1: got $2, expected $3" >&2; exit 1; }
}
refused() { # what, arguments of migrate.sh
    local what=$1
    shift
    if migrate "$@"; then echo "migrate_test: $what was not refused" >&2; exit 1; fi
}

migrate & first=$!
migrate & second=$!
wait "$first"
wait "$second"
check 'applied by one of the two' "$(cat "$TREE"/log.* | grep -c '^applying')" "$(find "$MIGRATIONS" -name '*.sql' | wc -l)"

one=$(find "$MIGRATIONS" -name '003_*.sql')
cp "$one" "$TREE/kept"
echo '-- changed' >>"$one"
refused 'a changed migration'
cp "$TREE/kept" "$one"

printf 'CREATE TABLE half (id int);\nSELECT 1 / 0;\n' >"$MIGRATIONS/999_half.sql"
refused 'a migration that fails'
check 'nothing stays of a migration that failed' "$(value "SELECT to_regclass('half') IS NULL AND NOT EXISTS (SELECT FROM schema_migrations WHERE name LIKE '999%')")" t
rm "$MIGRATIONS/999_half.sql"

policies=$(value 'SELECT count(*) FROM pg_policies')
echo 'SELECT no_such_thing();' >"$FUNCTIONS/zz_broken.sql"
refused 'a function file that fails'
check 'the functions and policies of before stay' "$(value 'SELECT count(*) FROM pg_policies')" "$policies"
rm "$FUNCTIONS/zz_broken.sql"

echo 'CREATE FUNCTION leftover() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;' >"$FUNCTIONS/zz_old.sql"
migrate
rm "$FUNCTIONS/zz_old.sql"
migrate
check 'a function whose file is gone is gone' "$(value "SELECT count(*) FROM pg_proc WHERE proname = 'leftover'")" 0

refused 'an unknown seed' --seed everything
refused 'an unknown option' --force
DASTERN_DB_ADMIN="$DASTERN_DB_ADMIN password=x" refused 'a password in the connection string'
DASTERN_DB_ADMIN='' refused 'no database named'
echo 'migrate_test: ok'
