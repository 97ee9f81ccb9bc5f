# shellcheck shell=bash
# A browser that is asked through its debugging pipe: nothing is waited for by the clock. To be
# sourced when $work is a directory.
#
#   browser_open [WORD...]   starts it, under these words (ip netns exec NAME), with one page
#   browser_ask METHOD [PARAMS]  of the page, as JSON; prints the result
#   browser_eval EXPRESSION  a value that JSON can say, as text; promises are waited for
#   browser_size WIDTH light|dark; browser_go URL; browser_picture FILE; browser_key KEY
#   browser_told             what stood on the console, or went wrong, since browser_go
#   browser_close

: "${work:?}"
browser_patience=30 # seconds for one answer
browser_pid='' browser_session=''

browser_open() {
    rm -f "$work/in" "$work/out"
    mkfifo "$work/in" "$work/out"
    "$@" chromium-headless-shell --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --remote-debugging-pipe about:blank \
        3<"$work/in" 4>"$work/out" >"$work/browser.log" 2>&1 &
    browser_pid=$!
    exec {browser_in}>"$work/in" {browser_out}<"$work/out"
    local target
    target=$(browser_ask Target.createTarget '{"url":"about:blank"}' | jq -r .targetId)
    browser_session=$(browser_ask Target.attachToTarget \
        "{\"targetId\":\"$target\",\"flatten\":true}" | jq -r .sessionId)
    local domain
    for domain in Page Runtime Log Network Accessibility; do
        browser_ask "$domain.enable" >"$work/answer"
    done
}

browser_close() {
    [[ -n $browser_pid ]] || return 0
    exec {browser_in}>&- {browser_out}<&-
    kill "$browser_pid" 2>/dev/null || true
    wait "$browser_pid" 2>/dev/null || true
    browser_pid=''
}

# The next message is in $browser_message; an event is kept.
browser_read() {
    IFS= read -r -t "$browser_patience" -d '' browser_message <&"$browser_out" || {
        echo 'the browser does not answer' >&2
        return 1
    }
    [[ $browser_message == '{"id":'* ]] || printf '%s\n' "$browser_message" >>"$work/events"
}

browser_ask() {
    local method=$1 params=${2:-{\}} session=''
    [[ -z $browser_session ]] || session=",\"sessionId\":\"$browser_session\""
    # One at a time: all have the same number.
    printf '{"id":1,"method":"%s","params":%s%s}\0' "$method" "$params" "$session" >&"$browser_in"
    while browser_read; do
        [[ $browser_message == '{"id":1,'* ]] || continue
        jq -ce 'if .error then .error.message | halt_error else .result end' <<<"$browser_message"
        return
    done
    return 1
}

browser_eval() {
    browser_ask Runtime.evaluate "$(jq -cn --arg e "$1" \
        '{expression: $e, returnByValue: true, awaitPromise: true}')" |
        jq -r 'if .exceptionDetails then "exception: " + .exceptionDetails.exception.description
               else .result.value end'
}

browser_size() {
    browser_ask Emulation.setDeviceMetricsOverride \
        "{\"width\":$1,\"height\":1600,\"deviceScaleFactor\":1,\"mobile\":false}" >"$work/answer"
    browser_ask Emulation.setEmulatedMedia \
        "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"$2\"}]}" >"$work/answer"
}

browser_go() {
    : >"$work/events"
    browser_ask Page.navigate "{\"url\":\"$1\"}" >"$work/answer"
    while ! grep -q '"Page.loadEventFired"' "$work/events"; do
        browser_read || return 1
    done
}

browser_picture() {
    browser_ask Page.captureScreenshot '{"captureBeyondViewport":true}' | jq -r .data |
        base64 -d >"$1"
}

browser_key() {
    local type
    for type in keyDown keyUp; do
        browser_ask Input.dispatchKeyEvent \
            "{\"type\":\"$type\",\"key\":\"$1\",\"code\":\"$1\",\"windowsVirtualKeyCode\":9}" \
            >"$work/answer"
    done
}

browser_told() {
    browser_eval 1 >"$work/answer" # what was on its way has come
    jq -r 'if .method == "Runtime.consoleAPICalled" then
               "console: " + ([.params.args[] | (.value // .description)] | join(" "))
           elif .method == "Runtime.exceptionThrown" then
               "console: " + .params.exceptionDetails.exception.description
           elif .method == "Log.entryAdded" then "console: " + .params.entry.text
           else empty end' "$work/events"
}

# Whatever it asked for, but of ORIGIN.
browser_foreign() {
    jq -r --arg origin "$1/" 'select(.method == "Network.requestWillBeSent")
        | .params.request.url | select(startswith($origin) | not) | "asked for " + .' "$work/events"
}
