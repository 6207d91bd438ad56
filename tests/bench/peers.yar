// The rule that peers are measured with: armour labels, and the first bytes of unencrypted PKCS #1 and PKCS #8 keys.
rule private_key {
  strings:
    $label = /-----BEGIN ([A-Z0-9]{1,10} )?PRIVATE KEY-----/
    $pkcs1 = { 30 82 ?? ?? 02 01 00 02 82 }
    $pkcs8 = { 30 82 ?? ?? 02 01 00 30 0D 06 09 2A 86 48 86 F7 0D 01 01 01 }
  condition:
    any of them
}
