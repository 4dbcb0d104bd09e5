#!/usr/bin/env bash
# Both configurations of nginx are valid, and the production one does over real TLS what it promises. It runs unchanged but
# for ports, paths and the certificate, which is made here; no module runs behind it, so every area is "down".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
DIR=$(mktemp -d /tmp/dastern-nginx.XXXXXX)
PASSED=0 FAILED=0

main() {
    trap end EXIT
    choose_ports
    prepare
    check "dev.conf is valid" env -C "$DIR/dev" nginx -q -t -p "$DIR/dev/" -e stderr -c "$DIR/dev/nginx.conf"
    check "dastern.conf is valid" nginx -q -t -p "$DIR/" -e stderr -c "$DIR/conf/dastern.conf"
    nginx -p "$DIR/" -e stderr -c "$DIR/conf/dastern.conf" || exit 1
    for test in $(declare -F | sed -n 's/^declare -f test_//p'); do check "${test//_/ }" "test_$test"; done
    echo "$PASSED passed, $FAILED failed"
    [ "$FAILED" -eq 0 ]
}

check() {
    local what=$1
    shift
    if "$@" >"$DIR/out" 2>&1; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        echo "FAILED: $what"
        sed 's/^/    /' "$DIR/out"
    fi
}

end() {
    [ ! -s "$DIR/nginx.pid" ] || kill "$(cat "$DIR/nginx.pid")"
    rm -rf "$DIR"
}

choose_ports() {
    local base=$((20000 + RANDOM % 12000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$base" || exec 3<>"/dev/tcp/127.0.0.1/$((base + 1))") 2>/dev/null; do
        base=$((20000 + RANDOM % 12000))
    done
    TLS_PORT=$base PLAIN_PORT=$((base + 1))
    URL=https://127.0.0.1:$TLS_PORT PLAIN=http://127.0.0.1:$PLAIN_PORT
}

prepare() {
    mkdir -p "$DIR"/{conf,dev/run,dev/log,dev/tmp,tls,tmp,www}
    cp nginx/*.conf "$DIR/conf/"
    cp nginx/*.conf "$DIR/dev/"
    scripts/nginx-conf "$DIR/conf" "$DIR" && cp "$DIR"/conf/{areas,problems}.conf "$DIR/dev/"
    sed "s/@PORT@/$PLAIN_PORT/; s/@LIMITS@/on/" nginx/dev.conf >"$DIR/dev/nginx.conf"
    sed -i "/^user /d; /listen \[::\]/d
        s/listen 443/listen 127.0.0.1:$TLS_PORT/; s/listen 80/listen 127.0.0.1:$PLAIN_PORT/
        s#/etc/dastern/tls#$DIR/tls#; s#/run/dastern#$DIR#; s#/run/nginx.pid#$DIR/nginx.pid#
        s#/var/log/nginx#$DIR#; s#/usr/share/dastern/www#$DIR/www#
        s#^http {#&\n$(temporary_paths)#" "$DIR/conf/dastern.conf"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$DIR/tls/privkey.pem" -out "$DIR/tls/fullchain.pem" 2>/dev/null
}

temporary_paths() {
    local kind
    for kind in client_body fastcgi proxy scgi uwsgi; do printf '%s_temp_path %s; ' "$kind" "$DIR/tmp/$kind"; done
}

ask() { curl -ksi --max-time 5 "$@" | tr -d '\r'; }
handshake() { openssl s_client -connect "127.0.0.1:$TLS_PORT" "$@" </dev/null 2>&1; }

# --- one function, one promise

test_TLS_1.3_is_offered() { [[ $(handshake -tls1_3) = *'New, TLSv1.3'* ]]; }
test_TLS_1.2_is_offered_with_AEAD_ciphers() { [[ $(handshake -tls1_2) =~ Cipher\ is\ ECDHE-.*(GCM|POLY1305) ]]; }
test_TLS_1.2_without_AEAD_is_refused() {
    [[ $(handshake -tls1_2 -cipher 'ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0') = *'Cipher is (NONE)'* ]]
}
test_TLS_1.1_is_refused() { [[ $(handshake -tls1_1 -cipher 'ALL:@SECLEVEL=0') = *'Cipher is (NONE)'* ]]; }
test_HTTP_2_is_spoken() { ask --http2 "$URL/healthz" | grep -q '^HTTP/2 200'; }

has_security_headers() {
    local header
    for header in 'strict-transport-security: max-age=63072000' 'x-content-type-options: nosniff' \
        "content-security-policy: default-src 'none'; frame-ancestors 'none'" 'referrer-policy: no-referrer' \
        'x-request-id: [0-9a-f]{32}' 'cache-control: no-store' 'server: nginx$'; do
        grep -Eqi "^$header" <<<"$1" || { echo "no $header in:"; echo "$1"; return 1; }
    done
}
test_security_headers_on_200() { has_security_headers "$(ask "$URL/healthz")"; }
test_security_headers_on_404() { has_security_headers "$(ask "$URL/nowhere")"; }
test_security_headers_on_405() { has_security_headers "$(ask -X PUT "$URL/healthz")"; }
test_security_headers_on_413() { has_security_headers "$(head -c 1100000 /dev/zero | ask --http1.1 --data-binary @- -H Expect: "$URL/api/v1/auth/login")"; }
test_security_headers_on_502() { has_security_headers "$(ask "$URL/api/v1/auth/me")"; }

# is_problem <answer> <status> <code>
is_problem() {
    grep -Eq "^HTTP/[0-9.]+ $2" <<<"$1" && grep -qi '^content-type: application/problem+json' <<<"$1" &&
        sed '1,/^$/d' <<<"$1" | jq -e ".status == $2 and .code == \"$3\" and (.title | length > 0) and (.detail | length > 0)
            and (.request_id | length > 7) and .type == \"urn:dastern:problem:$3\"" >/dev/null && return
    echo "not the problem $2 $3:"
    echo "$1"
    return 1
}
test_unknown_path_is_a_problem() { is_problem "$(ask "$URL/api/v1/nothing")" 404 not_found; }
test_an_area_that_is_down_is_a_problem_to_retry() {
    local answer
    answer=$(ask "$URL/api/v1/auth/me")
    is_problem "$answer" 502 service.unavailable && grep -qi '^retry-after: 1$' <<<"$answer"
}
test_problems_speak_the_asked_language() {
    ask -H 'Accept-Language: fr' "$URL/x" | sed '1,/^$/d' | jq -e '.title != "Not found"' &&
        ask -H 'Accept-Language: de, km;q=0.8' "$URL/x" | sed '1,/^$/d' | jq -e '.title | test("[ក-៿]")'
}
test_plain_HTTP_is_refused_and_not_redirected() {
    local answer
    answer=$(ask -d '{"password":"x"}' "$PLAIN/api/v1/auth/login")
    is_problem "$answer" 403 request.insecure && ! grep -qi '^location:' <<<"$answer"
}
test_plain_HTTP_at_the_TLS_port_is_refused() { is_problem "$(ask "http://127.0.0.1:$TLS_PORT/healthz")" 400 request.malformed; }
test_private_files_are_not_reachable() { is_problem "$(ask "$URL/_private/x.jpg")" 404 not_found; }
test_metrics_are_not_public() { is_problem "$(ask "$URL/metrics/auth")" 404 not_found; }
test_a_foreign_origin_gets_no_CORS_headers() { ! ask -H 'Origin: https://evil.example' "$URL/healthz" | grep -i '^access-control'; }

# 700 requests at once of one address: what is over the burst of 200 is told to wait, and nothing breaks.
test_a_flood_of_one_address_is_told_to_wait() {
    local statuses answer
    mkdir "$DIR/flood"
    curl -ksi --max-time 20 --parallel --parallel-max 50 -o "$DIR/flood/#1" "$URL/api/v1/auth/me?[1-700]" 2>/dev/null
    statuses=$(head -qn 1 "$DIR"/flood/* | sort | uniq -c)
    echo "$statuses"
    awk '{ n[$3] = $1 } END { exit !(n[502] >= 200 && n[429] >= 100 && n[502] + n[429] == 700) }' <<<"$statuses" || return 1
    answer=$(tr -d '\r' <"$(grep -l '^HTTP/2 429' "$DIR"/flood/* | head -n 1)")
    is_problem "$answer" 429 request.rate_limited && grep -qi '^retry-after: 1$' <<<"$answer" && has_security_headers "$answer"
}
test_headers_are_added_in_one_place_only() {
    ! grep -n add_header nginx/*.conf | grep -v '^nginx/http.conf:' | grep -v ':#'
}

main "$@"
