# shellcheck shell=bash
# build_tree TOP DIR [MESON OPTIONS]: configures once, then compiles what has changed.
# The files belong to the owner of the tree, also when root builds.
build_tree() {
    local top=$1 dir=$2
    shift 2
    [[ -f $dir/build.ninja ]] || meson setup "$dir" "$top" "$@"
    ninja -C "$dir"
    ((EUID != 0)) || chown -R --reference="$top" "$dir"
}
