# images.sh - the images that docker-compose.yml and the Dockerfile name, made from Debian packages;
# sourced by tests/compose/run for machines that reach Debian's mirror and no image registry.
#
#   make_images    makes those that podman does not have yet. It never replaces one.
#
# Grafana is not in Debian: tests leave it out.
# shellcheck shell=bash

SUITE=bookworm
have_image() {
    podman image exists "$1"
}

make_base() { # the tag that the Dockerfile begins from
    have_image docker.io/library/debian:$SUITE-slim && return 0
    local root
    root=$(mktemp -d)
    debootstrap --variant=minbase "$SUITE" "$root" >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        return 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" -c . | podman import --change 'CMD ["bash"]' - \
        docker.io/library/debian:$SUITE-slim >/dev/null
    rm -rf "$root" "$root.log"
}

# make_image TAG PACKAGE "USER" "ENTRYPOINT": the program of one Debian package.
make_image() {
    have_image "$1" && return 0
    podman build -q -t "$1" -f - <<DOCKERFILE >/dev/null
FROM debian:$SUITE-slim
RUN apt-get update && apt-get install -y --no-install-recommends $2 && rm -rf /var/lib/apt/lists/*
USER $3
ENTRYPOINT $4
DOCKERFILE
}

make_images() {
    make_base &&
        make_image docker.io/library/redis:7 redis-server redis '["redis-server"]' &&
        make_image docker.io/library/haproxy:2.6 haproxy haproxy \
            '["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]' &&
        make_image docker.io/prom/prometheus:v2.42.0 prometheus prometheus '["prometheus"]'
}
