// What a careful user of YARA would write: armour labels, and the first bytes of unencrypted PKCS #1, PKCS #8 and SEC 1 keys.
rule private_key {
  strings:
    $label = /-----BEGIN ([A-Z0-9]{1,10} )?PRIVATE KEY-----/
    $pkcs1 = { 30 82 ?? ?? 02 01 00 02 82 }
    $pkcs8_rsa = { 30 82 ?? ?? 02 01 00 30 0D 06 09 2A 86 48 86 F7 0D 01 01 01 }
    $pkcs8_ec = { 30 81 ?? 02 01 00 30 ?? 06 07 2A 86 48 CE 3D 02 01 }
    $pkcs8_ed25519 = { 30 2E 02 01 00 30 05 06 03 2B 65 70 04 22 04 20 }
    $sec1 = { 30 (77 | 81 A4) 02 01 01 04 (20 | 30) }
  condition:
    any of them
}
