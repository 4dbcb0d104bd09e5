#!/usr/bin/env bash
# What the benches have in common: a stack of their own, one patient, figures. Sourced, in the root of the tree.
# shellcheck disable=SC2034  # they use these
WORK=$(mktemp -d /tmp/dastern-bench.XXXXXX)
chmod 755 "$WORK"   # the stack's own user must get through
export DASTERN_VAR=$WORK/var DASTERN_PORT=auto DASTERN_LIMITS=off
LOAD=$PWD/build/tests/bench/load
trap 'scripts/run --stop; rm -rf "$WORK"' EXIT

start_stack() {
    scripts/run --detach --no-seed >"$WORK/run.log"
    URL=$(cat "$DASTERN_VAR/run/url") PORT=${URL##*:}
}

api() { curl -fsS -X "$1" "$URL/api/v1$2" -H 'Content-Type: application/json' ${TOKEN:+-H "Authorization: Bearer $TOKEN"} ${3:+-d "$3"}; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 -h "$DASTERN_VAR/run" -U postgres -d dastern_db "$@"; }

make_patient() {
    ACCOUNT="\"email\":\"bench@bench.example\",\"password\":\"$(head -c 12 /dev/urandom | base64)\""
    TOKEN=$(api POST /auth/register "{$ACCOUNT,\"first_name\":\"Bench\",\"last_name\":\"One\"}" | jq -r .tokens.access_token)
    api POST /auth/role '{"role":"patient"}' >/dev/null
    sign_in
    api PUT /auth/profile '{"date_of_birth":"1980-01-01"}' >/dev/null
    sign_in
}

# A fresh access token (it lives for ten minutes), also in the file of headers for the load.
sign_in() {
    local answer
    answer=$(api POST /auth/login "{$ACCOUNT}")
    TOKEN=$(jq -r .tokens.access_token <<<"$answer") PATIENT=$(jq -r .user.id <<<"$answer")
    printf 'Authorization: Bearer %s\r\n' "$TOKEN" >"$WORK/headers"
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
