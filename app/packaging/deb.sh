#!/usr/bin/env bash
# Builds the Debian package with manual pages and completions that the program prints itself. Needs cargo-deb.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build -p blockscape --profile dist
program=target/dist/blockscape
made=target/package
mkdir -p "$made/man"
"$program" man --folder "$made/man"
"$program" completions bash > "$made/blockscape.bash"
"$program" completions zsh > "$made/_blockscape"
"$program" completions fish > "$made/blockscape.fish"
cargo deb -p blockscape --profile dist --no-build
sha256sum target/debian/*.deb
