#!/usr/bin/env bash
# An executor in bash and curl, nothing else: counts the words of the Markdown files below a directory and reports as it goes.
#
#   curl -sX POST $API/v1/jobs … -d '{"name":"Count words","slug":"count-words","execution_mode":"managed","image_uri":"exec:bash examples/bash/count-words.sh"}'
#   curl -sX POST $API/v1/jobs/count-words/trigger … -d '{"payload":{"directory":"."}}'
#
# Baton starts it with BATON_API_URL, BATON_RUN_ID, BATON_RUN_TOKEN and BATON_PAYLOAD. With an endpoint instead of a process the token
# comes in the header X-Run-Token, and the rest is the same.
set -euo pipefail

# call METHOD ROUTE [JSON]: prints the answer; ends the script when it is a refusal. 409 means that the run was canceled, paused or taken
# over, and nothing this script says counts any more.
call() {
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused -X "$1" "$BATON_API_URL/sdk/v1/runs/$BATON_RUN_ID/$2" \
    -H "Authorization: Bearer $BATON_RUN_TOKEN" ${3:+-H 'Content-Type: application/json' --data "$3"}
}

# text FIELD: the value of a string in the JSON on standard input; number FIELD: that of a number.
text() { sed -nE "s/.*\"$1\" *: *\"(([^\"\\\\]|\\\\.)*)\".*/\1/p" | sed -E 's/\\(.)/\1/g'; }
number() { sed -nE "s/.*\"$1\" *: *([0-9]+).*/\1/p"; }
# json STRING: the string as JSON.
json() { local escaped=${1//\\/\\\\}; printf '"%s"' "${escaped//\"/\\\"}"; }

directory=$( { [ -n "${BATON_PAYLOAD+set}" ] && printf '%s' "$BATON_PAYLOAD" || call GET payload; } | text directory)
# An attempt before this one may have come far; the state it saved is where this one goes on.
done_files=$(number done <<<"${BATON_LAST_CHECKPOINT:-}") words=$(number words <<<"${BATON_LAST_CHECKPOINT:-}")
done_files=${done_files:-0} words=${words:-0}

mapfile -t files < <(find "${directory:-.}" -name node_modules -prune -o -name '*.md' -type f -print | LC_ALL=C sort)
call POST log "{\"message\":\"${#files[@]} files, $done_files of them counted before\"}" >&2

for ((at = done_files; at < ${#files[@]}; at++)); do
  file=${files[at]}
  began=$(date +%s%3N)
  count=$(wc -w <"$file")
  took=$(($(date +%s%3N) - began))
  words=$((words + count))
  call POST tool-call "{\"tool_name\":\"wc\",\"input\":{\"file\":$(json "$file")},\"output\":{\"words\":$count},\"duration_ms\":$took,\"status\":\"success\"}"
  call POST stream "{\"chunk\":$(json "$count $file")}"
  call POST state "{\"key\":\"last_file\",\"value\":$(json "$file")}"
  call POST checkpoint "{\"state\":{\"done\":$((at + 1)),\"words\":$words}}"
  call POST progress "{\"percent\":$((100 * (at + 1) / ${#files[@]})),\"message\":\"counting\"}"
done >/dev/null

# A model would be accounted for like this; this one reads every word and costs nothing.
call POST usage "{\"provider\":\"local\",\"model\":\"wc\",\"prompt_tokens\":$words,\"completion_tokens\":0,\"cost_microusd\":0}" >/dev/null
call POST stream '{"chunk":"","done":true}' >/dev/null
call POST output "{\"output_key\":\"words\",\"schema\":{\"type\":\"integer\"},\"value\":$words}" >/dev/null
call POST complete "{\"result\":{\"files\":${#files[@]},\"words\":$words}}" >/dev/null
