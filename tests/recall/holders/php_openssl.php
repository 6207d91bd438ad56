<?php
// A key of PHP's openssl extension, read from PEM.
// recall-needs: php-cli
// recall-version: php8.2-cli
// recall-run: php {source} {pkcs8_pem}
// recall-kinds: rsa-2048 p-256

$key = openssl_pkey_get_private(file_get_contents($argv[1]));
fwrite(STDOUT, "ok\n");
while (($word = fgets(STDIN)) !== false) {
    if (trim($word) === 'sign') {
        for ($i = 0; $i < 3; $i++) {
            openssl_sign('what is signed', $signature, $key, OPENSSL_ALGO_SHA256);
        }
    } else {
        $key = null;
        gc_collect_cycles();
    }
    fwrite(STDOUT, "ok\n");
}
