// A key of Go's standard library, parsed from PKCS #8 PEM.
// recall-needs: golang-go
// recall-version: golang-1.19-go
// recall-build: HOME={build} GOCACHE={build}/cache GO111MODULE=off go build -o {build}/program {source}
// recall-run: {build}/program {pkcs8_pem}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 ed25519

package main

import (
	"bufio"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"runtime"
)

var key crypto.Signer

func load(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	key = parsed.(crypto.Signer)
}

func sign() {
	message := []byte("what is signed")
	var err error
	if _, isEd25519 := key.(ed25519.PrivateKey); isEd25519 {
		_, err = key.Sign(rand.Reader, message, crypto.Hash(0))
	} else {
		digest := sha256.Sum256(message)
		_, err = key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	load(os.Args[1])
	os.Stdout.WriteString("ok\n")
	words := bufio.NewScanner(os.Stdin)
	for words.Scan() {
		if words.Text() == "sign" {
			for i := 0; i < 3; i++ {
				sign()
			}
		} else {
			key = nil
			runtime.GC()
		}
		os.Stdout.WriteString("ok\n")
	}
}
