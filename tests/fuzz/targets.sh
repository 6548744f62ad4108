# targets.sh - build and run the fuzz targets; sourced by tests/run and tests/fuzz/run, which set
#
#   names    which targets: a regular expression for fuzz/NAME, "" for all
#   FUZZ_S   seconds for each of them
#   JOBS     how many at a time
#   work     a directory that goes when the script ends
#
# and count in `passed` and `failed`.
# shellcheck shell=bash disable=SC2154,SC2034

# quietly WHAT COMMAND…: shows the command's output only when it fails, which counts as a failure.
quietly() {
    local what=$1 log=$work/log
    shift
    "$@" >"$log" 2>&1 && return 0
    tail -n 100 "$log" >&2
    printf 'tests/run: %s failed\n' "$what" >&2
    failed=$((failed + 1))
    return 1
}

build() { # PRESET TARGET…
    local preset=$1
    shift
    quietly "configuring $preset" cmake --preset "$preset" || return 1
    quietly "building $preset" cmake --build --preset "$preset" -j "$(nproc)" --target "$@"
}

# The targets that were asked for, as NAME of tests/fuzz/fuzz_NAME.c.
choose_targets() {
    local source name
    targets=()
    for source in tests/fuzz/fuzz_*.c; do
        [ -e "$source" ] || continue
        name=${source##*/fuzz_}
        name=${name%.c}
        [ -z "$names" ] || [[ fuzz/$name =~ $names ]] || continue
        targets+=("$name")
    done
}

# What it finds goes beside a copy of the corpus, so that the tree stays as it is; an input that
# breaks the target is kept in build/fuzz.
fuzz_one() { # NAME
    local copy=$work/corpus-$1
    mkdir "$copy"
    [ ! -d "tests/fuzz/corpus/$1" ] || cp -r "tests/fuzz/corpus/$1/." "$copy"
    "build/fuzz/tests/fuzz_$1" -max_total_time="$FUZZ_S" -timeout=5 -rss_limit_mb=4096 \
        -artifact_prefix="build/fuzz/$1-" "$copy" >"$work/fuzz-$1" 2>&1
}

run_fuzz() {
    local i name
    [ ${#targets[@]} -gt 0 ] || return 0
    build fuzz "${targets[@]/#/fuzz_}" || return 0
    for ((i = 0; i < ${#targets[@]}; i += JOBS)); do
        declare -A running=()
        for name in "${targets[@]:i:JOBS}"; do
            fuzz_one "$name" &
            running[$name]=$!
        done
        for name in "${!running[@]}"; do
            if wait "${running[$name]}"; then
                passed=$((passed + 1))
            else
                failed=$((failed + 1))
                printf '==== fuzz/%s failed\n' "$name" >&2
                tail -n 60 "$work/fuzz-$name" >&2
            fi
        done
    done
}
