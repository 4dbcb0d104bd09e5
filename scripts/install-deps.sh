#!/usr/bin/env bash
# Installs the Debian packages (and, for the tests, the npm packages) that DasTern needs, and only those that are missing.
#
#   scripts/install-deps.sh          what building and running need
#   scripts/install-deps.sh --test   that and what the tests need
#   scripts/install-deps.sh --list [--test]   only print the packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One package a line, sorted: compilers and the libraries the C code links with.
BUILD_PACKAGES=(
    gawk
    gcc
    libarchive-dev
    libargon2-dev
    libc6-dev
    libcairo2-dev
    libcurl4-openssl-dev
    libfcgi-dev
    libhiredis-dev
    libjansson-dev
    libleptonica-dev
    libpango1.0-dev
    libpq-dev
    libqrencode-dev
    libseccomp-dev
    libssl-dev
    libtesseract-dev
    make
    pkg-config
)

# The servers of the stack, what the reader of prescriptions knows of languages, and what the README's lines call.
RUN_PACKAGES=(
    age
    ca-certificates
    curl
    fonts-khmeros
    fonts-noto-core
    jq
    nginx
    openssl
    postgresql-15
    redis-server
    tesseract-ocr
    tesseract-ocr-eng
    tesseract-ocr-fra
    tesseract-ocr-khm
    tzdata
)

# Test frameworks, linters, load generators.
TEST_PACKAGES=(
    clang
    cppcheck
    fonts-crosextra-caladea
    fonts-crosextra-carlito
    fonts-dejavu-core
    fonts-freefont-ttf
    fonts-lato
    fonts-liberation
    fonts-open-sans
    fonts-roboto-unhinted
    fonts-sil-mondulkiri
    fonts-urw-base35
    libclang-rt-14-dev
    libcmocka-dev
    libgmime-3.0-dev
    libjwt-dev
    libtap-parser-sourcehandler-pgtap-perl
    postgresql-15-pgtap
    procps
    shellcheck
    wrk
)

# Node.js bundles the OpenAPI document and runs linters; a machine that has npm from elsewhere keeps it.
NODE_PACKAGES=(
    nodejs
    npm
)

main() {
    local with_tests=no list=no
    for arg in "$@"; do
        case $arg in
            --test) with_tests=yes ;;
            --list) list=yes ;;
            *) echo "usage: $0 [--list] [--test]" >&2; exit 2 ;;
        esac
    done
    local wanted=("${BUILD_PACKAGES[@]}" "${RUN_PACKAGES[@]}")
    [ "$with_tests" = no ] || wanted+=("${TEST_PACKAGES[@]}")
    command -v npm >/dev/null || wanted+=("${NODE_PACKAGES[@]}")
    if [ "$list" = yes ]; then
        printf '%s\n' "${wanted[@]}"
        return
    fi
    install_debian_packages "${wanted[@]}"
    [ "$with_tests" = no ] || install_npm_packages
}

# Asks dpkg once for all of them; what it knows as installed is left alone.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
    comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

install_debian_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    become_root
    echo "installing ${#missing[@]} packages: ${missing[*]}"
    update_lists
    without_starting_services quietly "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" ||
        { echo "$LISTS_SAID" >&2; return 1; }
}

# A machine that has just been started runs an apt of its own. `install` can be told to wait for it, `update` can't. That
# takes an archive that can't be reached for no failure, but says so: it is what then explains a package that isn't there.
LISTS_SAID=
update_lists() {
    local tries=120
    until LISTS_SAID=$("${AS_ROOT[@]}" env LC_ALL=C apt-get update -qq 2>&1); do
        if [[ $LISTS_SAID != *"Could not get lock"* ]] || [ $((tries -= 1)) -eq 0 ]; then
            echo "$LISTS_SAID" >&2
            return 1
        fi
        [ "$tries" -ne 119 ] || echo "waiting for another apt to end"
        sleep 5
    done
}

# What a command prints is shown only if it fails.
quietly() {
    local output
    output=$("$@" 2>&1) || { echo "$output" >&2; return 1; }
}

AS_ROOT=()
become_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    if ! command -v sudo >/dev/null; then
        echo "Packages are missing, and installing them takes root or sudo." >&2
        exit 1
    fi
    AS_ROOT=(sudo)
}

# Debian starts a server as soon as it is installed. The stack brings its own private ones, and nothing on this machine
# should listen on port 80, 5432 or 6379 because of it, so for the time of the installation the answer to "may I start
# services?" is no (101, see invoke-rc.d(8)).
POLICY=/usr/sbin/policy-rc.d
without_starting_services() {
    if [ ! -e "$POLICY" ]; then
        trap '"${AS_ROOT[@]}" rm -f "$POLICY"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${AS_ROOT[@]}" tee "$POLICY" >/dev/null
        "${AS_ROOT[@]}" chmod 755 "$POLICY"
    fi
    "$@"
}

# package-lock.json pins every version; node_modules keeps a copy of the lock it was made from.
install_npm_packages() {
    local dir=tests/npm
    cmp -s "$dir/package-lock.json" "$dir/node_modules/.installed-lock" && return
    echo "installing: npm packages of $dir"
    (cd "$dir" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts >/dev/null)
    cp "$dir/package-lock.json" "$dir/node_modules/.installed-lock"
}

main "$@"; exit
