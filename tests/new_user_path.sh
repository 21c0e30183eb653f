#!/usr/bin/env bash
# The path of a new user in a real window: start, skip the tour, drag, pin, export a figure, save, close, reopen.
# Needs Xvfb, xdotool and ImageMagick. Usage: tests/new_user_path.sh PATH_OF_BLOCKSCAPE FOLDER_FOR_SCREENSHOTS
set -euo pipefail
program=$(realpath "$1")
folder=$(realpath "$2")
display=:${DISPLAY_NUMBER:-94}
Xvfb "$display" -screen 0 1280x720x24 >/dev/null 2>&1 &
server=$!
export DISPLAY=$display
export XDG_CONFIG_HOME=$folder/config XDG_STATE_HOME=$folder/state
unset WAYLAND_DISPLAY
trap 'kill "$server" 2>/dev/null || true' EXIT
sleep 1

start() {
    "$program" "$@" &
    window_process=$!
    xdotool search --sync --name '^Blockscape$' >/dev/null
    sleep 4
    # No window manager hands out the keyboard here.
    xdotool windowfocus "$(xdotool search --name '^Blockscape$' | tail -1)"
}
look() { import -window root "$folder/$1.png"; }
click() { xdotool mousemove "$1" "$2" sleep 0.2 click 1; sleep 0.8; }
path() { xdotool key ctrl+a; xdotool type --delay 15 "$1"; sleep 0.3; xdotool key Return; sleep 4; }

start
look 1_first_run
click 463 655                                   # Skip tour
xdotool mousemove 231 137 mousedown 1 sleep 0.1 mousemove 222 137 sleep 0.1 mousemove 212 137 sleep 0.3
look 2_dragging
xdotool mouseup 1
sleep 2
click 1254 37                                   # Pin
xdotool mousemove 231 161 mousedown 1 sleep 0.1 mousemove 240 161 sleep 0.1 mousemove 248 161 sleep 0.1 mouseup 1
sleep 2
look 3_compared_with_the_pinned
xdotool key ctrl+e
sleep 1
path "$folder/figure.svg"
xdotool key ctrl+shift+s
sleep 1
path "$folder/session.ron"
look 4_saved
xdotool key ctrl+q
wait "$window_process"
test -s "$folder/figure.svg"
test -s "$folder/session.ron"

start "$folder/figure.svg"
look 5_restored_from_the_figure
xdotool key ctrl+q
wait "$window_process"
echo "looked at in $folder"
