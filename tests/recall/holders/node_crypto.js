// A KeyObject of Node's crypto module (its own OpenSSL), made from PEM.
// recall-needs: nodejs
// recall-run: env MALLOC_ARENA_MAX=1 node --expose-gc {source} {pkcs8_pem}
// recall-kinds: rsa-2048 p-256 ed25519
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const readline = require('readline');

let key = crypto.createPrivateKey(fs.readFileSync(process.argv[2]));

readline.createInterface({ input: process.stdin }).on('line', (word) => {
  if (word === 'sign') {
    for (let i = 0; i < 3; i++) {
      crypto.sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from('what is signed'), key);
    }
  } else {
    key = null;
    global.gc();
  }
  fs.writeSync(1, 'ok\n');
});
fs.writeSync(1, 'ok\n');
