# podman.sh - podman on a machine that may have no image registry, no systemd and odd cgroups;
# sourced by tests/compose/run and tests/compose/package. Its caller has $work, a directory of its own.
#
#   podman_works        returns 0 when containers can be run here; otherwise says why not
#   make_base           the image that the Dockerfile begins from, made from Debian packages
#   make_services       Redis, HAProxy and Prometheus likewise; Grafana is not in Debian
#
# An image that is there is never replaced.
# shellcheck shell=bash

SUITE=bookworm
BASE=docker.io/library/debian:$SUITE-slim

# podman asks for more descriptors than some machines allow, and crun wants cgroups of one kind.
configure_podman() {
    {
        printf '[containers]\ndefault_ulimits = ["nofile=%s:%s","nproc=4096:4096"]\n' \
            "$(ulimit -Hn)" "$(ulimit -Hn)"
        command -v runc >/dev/null && printf '[engine]\nruntime = "runc"\n'
    } >"$work/containers.conf"
    export CONTAINERS_CONF=$work/containers.conf
}

podman_works() {
    local program
    for program in podman buildah debootstrap; do
        command -v "$program" >/dev/null || {
            echo "$program is not installed"
            return 1
        }
    done
    configure_podman
    podman info >"$work/info" 2>&1 && return 0
    tail -n 1 "$work/info"
    return 1
}

make_base() {
    podman image exists "$BASE" && return 0
    debootstrap --variant=minbase "$SUITE" "$work/rootfs" >"$work/debootstrap" 2>&1 || {
        tail -n 5 "$work/debootstrap" >&2
        return 1
    }
    rm -rf "$work"/rootfs/var/cache/apt/archives/*.deb "$work"/rootfs/var/lib/apt/lists/*
    tar -C "$work/rootfs" -c . | podman import --change 'CMD ["bash"]' - "$BASE" >/dev/null 2>&1
    rm -rf "$work/rootfs"
}

make_service() { # TAG PACKAGE START: the program of one Debian package, as its own user
    podman image exists "$1" && return 0
    podman build -q -t "$1" -f - >"$work/image" 2>&1 <<DOCKERFILE || { tail "$work/image" >&2; return 1; }
FROM $BASE
RUN apt-get update && apt-get install -y --no-install-recommends $2 && rm -rf /var/lib/apt/lists/*
USER ${2%-server}
$3
DOCKERFILE
}

make_services() {
    make_base &&
        make_service docker.io/library/redis:7 redis-server 'CMD ["redis-server"]' &&
        make_service docker.io/library/haproxy:2.6 haproxy \
            'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]' &&
        make_service docker.io/prom/prometheus:v2.42.0 prometheus 'ENTRYPOINT ["prometheus"]'
}
