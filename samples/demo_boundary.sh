#!/usr/bin/env bash
# shellcheck disable=SC2154
# The second act of samples/demo, which sources this: the boundary. An isolated side and a corporate side, each in a
# network namespace of its own where that is allowed, share nothing but one directory, and only the gate writes there.

# on_isolated_side COMMAND..., on_corporate_side COMMAND...: run it where it belongs.
on_isolated_side() { "${isolated[@]}" "$@"; }
on_corporate_side() { "${corporate[@]}" "$@"; }

# make_sides: two namespaces without any route between them, each held by a sleeping process; two folders else.
make_sides() {
  isolated=() corporate=()
  local side holder
  for side in isolated corporate; do
    if ! unshare --net true 2>/dev/null; then
      say "${dim}No network namespaces here: the two sides are two folders.${plain}"
      isolated=() corporate=()
      return
    fi
    unshare --net sleep 600 &
    holder=$!
    own_processes+=("$holder")
    disown "$holder"
    until [ "$(readlink "/proc/$holder/ns/net" 2>/dev/null)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    declare -g -a "$side=(nsenter --net=/proc/$holder/ns/net)"
  done
  say "${dim}Two network namespaces; from the isolated side no route leads anywhere:${plain}"
  show_command 'cat /proc/self/net/route   (isolated side)'
  on_isolated_side cat /proc/self/net/route
  say '(not a line)'
}

# certify KEY FILE: the certificate that an investigator has. Only the public half is in it.
certify() {
  openssl req -x509 -key "$1" -subj '/CN=token signing' -days 30 -out "$2" 2>/dev/null
}

show_boundary() {
  local status=0
  chapter '4. The boundary: nothing leaves the isolated side but through the gate'
  make_sides
  mkdir -p "$work/isolated/outbox" "$work/isolated/quarantine" "$work/corporate/inbox"
  show_command 'dumpgate log init --log log --keys keys --origin demo.example/isolated'
  on_isolated_side "$root/dumpgate" log init --log "$work/isolated/log" --keys "$work/isolated/keys" \
    --origin demo.example/isolated >"$work/isolated/vkey"
  say 'The log remembers every verdict; its key stays here, its public half goes to the receivers.'
  cp "$work/isolated/log/log.vkey" "$work/corporate/log.vkey"
  cp "$work/signer/core" "$work/isolated/outbox/signer.core"
  cp "$work/verifier/core" "$work/isolated/outbox/verifier.core"
  show_command 'cp signer.core verifier.core outbox/'
  show_command 'dumpgate gate run --once --in outbox --release inbox --quarantine quarantine --log log --keys keys'
  on_isolated_side "$root/dumpgate" gate run --once --in "$work/isolated/outbox" --release "$work/corporate/inbox" \
    --quarantine "$work/isolated/quarantine" --log "$work/isolated/log" --keys "$work/isolated/keys" 2>&1 |
    sed "s|$work/||g" || fail 'the gate failed'

  chapter '5. The corporate side'
  show_command 'ls inbox'
  ls "$work/corporate/inbox"
  [ ! -e "$work/corporate/inbox/signer.core" ] || fail "the signer's dump crossed the boundary"
  cmp "$work/verifier/core" "$work/corporate/inbox/verifier.core" || fail 'the clean dump did not arrive as it was'
  show_command 'dumpgate verify inbox/verifier.core --vkey-file log.vkey --state state --first'
  (cd "$work/corporate" && on_corporate_side "$root/dumpgate" verify inbox/verifier.core --vkey-file log.vkey \
    --state state --first) || status=$?
  [ "$status" = 0 ] || fail "the receiver was to verify the clean dump (0), not $status"
  printf 'x' >>"$work/corporate/inbox/verifier.core"
  say 'One byte more, and the proof no longer fits:'
  show_command 'dumpgate verify inbox/verifier.core --vkey-file log.vkey --state state'
  (cd "$work/corporate" && on_corporate_side "$root/dumpgate" verify inbox/verifier.core --vkey-file log.vkey \
    --state state) || status=$?
  [ "$status" = 1 ] || fail "a changed dump was to be refused (1), not $status"

  chapter '6. Years later: which dumps held the key of this certificate?'
  certify "$work/RS256.key" "$work/certificate.pem"
  show_command 'dumpgate log query --log log --key certificate.pem'
  on_isolated_side "$root/dumpgate" log query --log "$work/isolated/log" --key "$work/certificate.pem" |
    tee "$work/query" || true
  grep -q 'signer.core' "$work/query" || fail 'the query does not name the blocked dump'
  show_command 'dumpgate log verify log'
  on_isolated_side "$root/dumpgate" log verify "$work/isolated/log" || fail 'the log does not verify'
}
