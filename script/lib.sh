# Shared set-up of the scripts in this folder; sourced. Needs bash 3.2 and Python 3.11, or later.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

find_python() {
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "needs Python 3.11 or later; set PYTHON to name one."
}

# install_from LOCK: .venv holds exactly what the lock file names. A copy of the lock marks it as done.
install_from() {
    local installed=.venv/installed-$1 python
    if .venv/bin/python -c '' 2>/dev/null; then
        if cmp -s "$1" "$installed"; then return; fi
    else
        python=$(find_python)
        "$python" -m venv --clear .venv ||
            fail "could not make .venv; Debian and Ubuntu need the package python3-venv for it."
    fi
    echo "Installing $1 ..."
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$1"
    cp "$1" "$installed"
}

# Compiled translations are not kept in Git. Babel needs no gettext on the machine.
compile_locale() {
    local folder po stale
    for folder in locale locale/libraries; do
        stale=
        for po in "$folder"/*/LC_MESSAGES/django.po; do
            if [ -e "$po" ] && [ "$po" -nt "${po%.po}.mo" ]; then stale=yes; fi
        done
        if [ -n "$stale" ]; then
            .venv/bin/python -m babel.messages.frontend --quiet compile -f -D django -d "$folder"
        fi
    done
}
