# packages.sh - install what a Debian machine lacks; sourced by deploy/up and tests/run.
#
#   need_packages NAME…   returns 0 when all are installed. Says nothing unless it has work to do;
#                         shows apt's own words when that fails.
#
# On another system it does nothing: there the build says what it misses.
# shellcheck shell=bash disable=SC2034

PACKAGES_TO_BUILD=(cmake ninja-build gcc libc6-dev pkg-config libwebsockets-dev
    libwebsockets-evlib-uv libuv1-dev libhiredis-dev libjansson-dev zlib1g-dev libssl-dev
    libb2-dev libjwt-dev)
PACKAGES_TO_RUN=(redis-server python3 python3-websockets)

missing_packages() {
    local name
    for name in "$@"; do
        [[ "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" == *' installed' ]] ||
            printf '%s\n' "$name"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

need_packages() {
    local missing log
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || return 0
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing ${missing[*]}"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "neither root nor sudo: install them first" >&2
        return 1
    fi
    log=$(mktemp)
    if as_root apt-get -qq update >"$log" 2>&1 &&
        as_root apt-get -qq -y --no-install-recommends install "${missing[@]}" >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
}
