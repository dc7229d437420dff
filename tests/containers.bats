#!/usr/bin/env bats
# The recipes for containers, run by podman, which takes docker's words, in a system of a few
# files: no image is fetched. The network of a container is its own, and empty.

bats_require_minimum_version 1.5.0

load helpers

setup_file() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    cd "$BATS_FILE_TMPDIR" || return 1
    small_system root bash cp
    tar -C root -cf root.tar .
    container import root.tar localhost/small >/dev/null
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# small_system FOLDER PROGRAM...: with what they need of the C library.
small_system() {
    local program file
    mkdir -p "$1/usr/bin" "$1/tmp" "$1/etc"
    ln -s usr/bin "$1/bin"
    for program in "${@:2}"; do
        cp "$(command -v "$program")" "$1/usr/bin/"
        for file in $(ldd "$(command -v "$program")" | grep -o '/[^ ]*'); do
            mkdir -p "$1/${file%/*}"
            cp -L "$file" "$1/$file"
        done
    done
}

# container WORD...: podman with a store of its own. What needs the rights or the control groups
# of a whole machine is left out.
container() {
    printf '%s\n' '[containers]' 'cgroups = "disabled"' 'netns = "none"' \
        'default_ulimits = ["nofile=256:256", "nproc=256:256"]' >"$BATS_FILE_TMPDIR/containers.conf"
    # shellcheck disable=SC2016
    CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf unshare -m sh -c '
        mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
        store=$1
        shift
        exec podman --root "$store/images" --runroot "$store/run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file "$@"' \
        sh "$BATS_FILE_TMPDIR" "$@" 2> >(grep -v '^time=' >&2)
}

# What each of them runs: a connection that is refused.
REFUSED='echo >/dev/tcp/127.0.0.1/1; exit 0'

# is_told FILE: report reads what the container has printed.
is_told() {
    "$SOCKSHIM_COMMAND" report --json "$1" >report.json
    jq -e '.records == 1 and .causes[0].cause == "connection-refused" and .programs[0].prog == "bash"' report.json || fails_with "$(cat "$1")"
}

@test "docker run as README and the recipes have it: the records come out of the container" {
    local line
    diff <(grep -A1 '^    docker run ' "$TOP/README.md") <(grep -A1 '^    docker run ' "$TOP/scripts/recipes/services.md")
    line=$(sed -n '/^    docker run /,/IMAGE$/p' "$TOP/README.md" | tr -d '\\\n' | sed "s#/usr/local/lib/sockshim#${SHIM%/*}#")
    [[ $line == *"docker run "*" IMAGE" ]] || fails_with "$line"
    # shellcheck disable=SC2086
    set -- $line
    container "${@:2:$#-2}" --rm localhost/small bash -c "$REFUSED" >out 2>&1
    is_told out
}

@test "the library copied into an image" {
    cp "$SHIM" .
    printf '%s\n' 'FROM localhost/small' 'COPY libsockshim.so /usr/local/lib/sockshim/' \
        'ENV LD_PRELOAD=/usr/local/lib/sockshim/libsockshim.so SOCKSHIM_LOG=stderr SOCKSHIM_LEVEL=info' >Dockerfile
    container build -q -t localhost/copied . >/dev/null
    container run --rm localhost/copied bash -c "$REFUSED" >out 2>&1
    is_told out
    container run --rm -e SOCKSHIM=off localhost/copied bash -c "$REFUSED" >out 2>&1
    [[ $(cat out) != *cause=* ]] || fails_with "$(cat out)"
}

# What podman-compose runs as podman: compose would make a network for its containers.
compose_podman() {
    local words=()
    while [ $# -gt 0 ]; do
        case $1 in
        --net | --network-alias) shift ;;
        *) words+=("$1") ;;
        esac
        shift
    done
    case ${words[*]} in
    network*) ;;
    *) container "${words[@]}" ;;
    esac
}

@test "compose.yaml as the recipes have it, and what its logs print" {
    sed -n '/^    services:/,/environment:/s/^    //p' "$TOP/scripts/recipes/services.md" | sed "s#/usr/local/lib/sockshim#${SHIM%/*}#" >compose.yaml
    printf '%s\n' 'services:' '  billing:' '    image: localhost/small' "    command: [bash, -c, '$REFUSED']" >image.yaml
    mkdir bin
    { echo '#!/bin/bash' && declare -f container compose_podman && echo 'compose_podman "$@"'; } >bin/podman
    sed -i "s#exec podman #exec $(command -v podman) #" bin/podman
    chmod +x bin/podman
    PATH=$PWD/bin:$PATH podman-compose -f image.yaml -f compose.yaml up >out 2>&1
    is_told out
}

@test "Kubernetes: kubectl applies the patch, with kustomize too, and the pod's containers do as the manifest says" {
    local first main path
    mkdir -p image/usr/local/lib/sockshim
    cp "$SHIM" image/usr/local/lib/sockshim/
    printf '%s\n' 'FROM localhost/small' 'COPY image /' >Dockerfile
    container build -q -t localhost/sockshim . >/dev/null
    cat >deployment.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: billing}
spec:
  selector: {matchLabels: {app: billing}}
  template:
    metadata: {labels: {app: billing}}
    spec:
      containers:
        - {name: billing, image: localhost/small, env: [{name: OWN, value: kept}], volumeMounts: [{name: data, mountPath: /data}]}
        - {name: other, image: localhost/small}
      volumes: [{name: data, emptyDir: {}}]
END
    sed '/^#/d; s/NAME/billing/; s/CONTAINER/billing/; s#IMAGE#localhost/sockshim#' "$TOP/scripts/recipes/kubernetes-patch.yaml" >patch.yaml
    kubectl patch --local -f deployment.yaml --type strategic --patch "$(cat patch.yaml)" -o json >patched.json
    printf '%s\n' 'resources: [deployment.yaml]' 'patches: [{path: patch.yaml}]' >kustomization.yaml
    kubectl kustomize . >customized.yaml
    kubectl patch --local -f customized.yaml -p '{}' -o json >customized.json
    jq -S .spec patched.json >one
    jq -S .spec customized.json | diff one - || fails_with "kustomize makes another one"
    jq -e '.spec.template.spec | (.volumes | map(.name) | sort) == ["data", "sockshim"]
        and (.containers | map(.name)) == ["billing", "other"]
        and (.containers[0].env | any(.name == "OWN" and .value == "kept"))
        and (.containers[0].volumeMounts | map(.name) | sort) == ["data", "sockshim"]
        and .containers[1].env == null' patched.json || fails_with "$(cat patched.json)"
    # An emptyDir is a folder that the pod's containers share.
    mkdir empty
    first='.spec.template.spec.initContainers[0]'
    path=$(jq -r "$first.volumeMounts[0].mountPath" patched.json)
    mapfile -t command < <(jq -r "$first.command[]" patched.json)
    container run --rm -v "$PWD/empty:$path" "$(jq -r "$first.image" patched.json)" "${command[@]}"
    [ -s empty/libsockshim.so ]
    main='.spec.template.spec.containers[0]'
    jq -r "$main.env[] | .name + \"=\" + .value" patched.json >environment
    path=$(jq -r "$main.volumeMounts[] | select(.name == \"sockshim\") | .mountPath" patched.json)
    container run --rm --env-file environment -v "$PWD/empty:$path:ro" localhost/small bash -c "$REFUSED" >out 2>&1
    is_told out
}
