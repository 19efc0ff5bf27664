#!/usr/bin/env bash
# Starts archived without the control API, in the folder $1, with applications that somebody has prepared: credentials in data/plain/ROLE.json.
# Only the control API makes applications, so it is there at first. Callbacks and uploads go to the suite's addresses in plain.yaml.
set -euo pipefail
umask 077
data=$1 prepared=$(dirname "$0")/../../data/plain callbacks=http://127.0.0.1:18093
common=(--port 0 --allow-private-addresses --data "$data")
mkdir -p "$prepared"

env -u ARCHIVED_STORAGE_SECRET_KEY bin/archived serve --control "${common[@]}" >/dev/null &
trap 'kill $! 2>/dev/null' EXIT
for _ in $(seq 100); do [ -s "$data/ready.json" ] && break; sleep 0.1; done
word() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$data/ready.json"; }

# application ROLE SETTINGS
application() {
  curl -sSf --max-time 20 -o "$prepared/$1.json" -H "Authorization: Bearer $(word controlToken)" -H 'Content-Type: application/json' \
    -d "{\"name\":\"$1\",\"archiveCallbackUrl\":\"$callbacks/$1\"$2}" "$(word url)/control/v1/applications"
}
s3() { # ENDPOINT FALLBACK
  echo ',"storage":{"type":"s3","fallback":"'"$2"'","config":{"endpoint":"'"$1"'","bucket":"reels","region":"us-east-1",
    "accessKey":"reelcheck","secretKey":"'"$ARCHIVED_STORAGE_SECRET_KEY"'"}}'
}
bucket=$(s3 http://127.0.0.1:18094 vonage)
application foreign ''
application cloud ''
application encryption "$bucket"
application h264 "$bucket,\"preferredVideoCodec\":\"H264\""
application vp9 "$bucket,\"preferredVideoCodec\":\"VP9\""
application unreachable "$(s3 http://127.0.0.1:1 none)"

trap - EXIT
kill $!
wait $! || true
exec bin/archived serve "${common[@]}" --archive-callback-url $callbacks/default --session-callback-url $callbacks/sessions \
  --storage-type s3 --storage-endpoint http://127.0.0.1:18094 --storage-bucket reels --storage-access-key reelcheck --storage-sse s3
