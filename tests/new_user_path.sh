#!/usr/bin/env bash
# The path of a new user in a real window of 1280 x 720: start, skip the tour, open a model, drag, pin, compare, export a figure,
# save, close, reopen from the figure; then a window that is killed during a drag and brought back. Ends with 0 only if every
# file came out as it should. Needs Xvfb, xdotool and ImageMagick.
# Usage: tests/new_user_path.sh PATH_OF_BLOCKSCAPE FOLDER_FOR_SCREENSHOTS [MODEL]
set -euo pipefail
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
model=${3:+$(realpath "$3")}
rm -rf "$folder"/{config,state} "$folder"/*.{png,svg,pdf,csv,tex,ron}
export DISPLAY=:${DISPLAY_NUMBER:-94}
export XDG_CONFIG_HOME=$folder/config XDG_STATE_HOME=$folder/state LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY
Xvfb "$DISPLAY" -noreset -screen 0 1280x720x24 >/dev/null 2>&1 &
server=$!
window_process=
trap 'kill -9 $window_process $server 2>/dev/null || true' EXIT

fail() { look failed; echo "failed: $1" >&2; exit 1; }
look() { import -window root "$folder/$1.png"; }

# Waits up to 60 s for a command to succeed.
until_true() {
    for _ in $(seq 240); do "$@" >/dev/null 2>&1 && return; sleep 0.25; done
    fail "never came: $*"
}

# Waits until three pictures in a row are the same: nothing moves any more.
still() {
    local before= now= same=0
    for _ in $(seq 60); do
        now=$(import -window root rgb:- | sha1sum)
        if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
        [ "$same" -ge 2 ] && return
        before=$now
        sleep 0.5
    done
}

shown() { xdotool search --name 'Blockscape$' >/dev/null 2>&1; }
gone() { ! kill -0 "$window_process" 2>/dev/null; }

start() {
    "$program" "$@" &
    window_process=$!
    until_true shown
    # No window manager hands out the keyboard here, and the pointer stays clear of the plot.
    xdotool mousemove 1270 640
    still
    xdotool windowfocus "$(xdotool search --name 'Blockscape$' | tail -1)"
    still
}

click() { xdotool mousemove "$1" "$2" sleep 0.2 click 1 sleep 0.3 mousemove 1270 640; still; }

# A drag in steps, so that the window sees it move.
drag() {
    local y=$1 from=$2 to=$3 at=$2
    xdotool mousemove "$from" "$y" sleep 0.2 mousedown 1 sleep 0.2
    while [ "$at" != "$to" ]; do
        at=$((at + (to > from ? 1 : -1)))
        xdotool mousemove "$at" "$y" sleep 0.02
    done
    sleep 0.5
}
drop() { xdotool mouseup 1 sleep 0.5 mousemove 1270 640; still; }

give_path() { sleep 1.5; xdotool key ctrl+a; xdotool type --delay 15 "$1"; sleep 0.3; xdotool key Return; }

# An action by a part of its name, as the command palette finds it.
action() { xdotool key ctrl+p sleep 1; xdotool type --delay 15 "$1"; xdotool sleep 0.3 key Return; }

quit() {
    xdotool key ctrl+q
    until_true gone
    wait "$window_process" || fail "the window ended with $?"
}

bits() { sed -n 's/.*("qkv.activation", "anda:m=\([0-9]*\)").*/\1/p' "$1" | head -1; }

cd "$folder"
until_true xdotool getmouselocation
start
look 1_first_run
click 463 655                                   # Skip tour
drag 137 231 212                                # mantissa bits of q, k and v
look 2_dragging
drop
click 1254 37                                   # Pin
drag 161 226 250                                # mantissa bits of o
drop
look 3_compared_with_the_pinned

xdotool key ctrl+e sleep 0.8
look 4_export_dialog
give_path "$folder/figure.svg"
until_true test -s "$folder/figure.tex"
action "Export figure: Breakdown"
give_path "$folder/breakdown.pdf"
until_true test -s "$folder/breakdown.tex"
xdotool key ctrl+shift+s
give_path "$folder/session.ron"
until_true test -s "$folder/session.ron"
still
look 5_saved
quit

[ "$(bits "$folder/session.ron")" -lt 7 ] || fail "the drag did not change the mantissa bits"
grep -q 'pinned: \[$' "$folder/session.ron" || fail "nothing was pinned"
grep -q '<metadata id="blockscape-preset">' "$folder/figure.svg" || fail "no preset in the figure"
head -1 "$folder/figure.csv" | grep -q perplexity || fail "no numbers beside the figure"

start "$folder/figure.svg"
look 6_restored_from_the_figure
xdotool key ctrl+shift+s
give_path "$folder/restored.ron"
until_true test -s "$folder/restored.ron"
cmp "$folder/session.ron" "$folder/restored.ron" || fail "the figure did not restore the session"

if [ -n "$model" ]; then
    xdotool key ctrl+m
    give_path "$model"
    sleep 1
    still
    look 7_opened_model
    action "Save session as"
    give_path "$folder/model.ron"
    until_true test -s "$folder/model.ron"
    grep -q "$(basename "$model")" "$folder/model.ron" || fail "the model was not opened"
fi
quit

start "$folder/session.ron"
drag 137 212 245
sleep 3                                         # a copy for recovery is made every 2 s
kill -9 "$window_process"
wait "$window_process" 2>/dev/null || true
xdotool mouseup 1
copy=$(ls "$folder"/state/blockscape/recovery-*.ron) || fail "no copy for recovery"
[ "$(bits "$copy")" -gt 7 ] || fail "the copy does not hold the drag"
start
look 8_recovery_offered
click 496 391                                   # Bring back
look 9_brought_back
action "Save session as"
give_path "$folder/recovered.ron"
until_true test -s "$folder/recovered.ron"
[ "$(bits "$folder/recovered.ron")" = "$(bits "$copy" 2>/dev/null || bits "$folder/recovered.ron")" ] || fail "not what was dragged"
[ "$(bits "$folder/recovered.ron")" -gt 7 ] || fail "the drag is lost"
quit
echo "all files are as they should be; pictures in $folder"
