// tlog_check: reads a log with Debian's golang.org/x/mod/sumdb, which shares no line with ours. It checks the
// checkpoint's signature, every entry of every bundle against the tiles, the tiles against the root, a proof
// file, and that the tree extends an older one.
//
//	tlog_check VERIFIER-KEY LOG-DIRECTORY OLDER-CHECKPOINT PROOF-FILE
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func demand(condition bool, what string) {
	if !condition {
		must(fmt.Errorf("%s", what))
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err)
	return data
}

// The tree of a checkpoint whose signature verifies.
func openTree(text []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	demand(lines[0] == verifier.Name(), "another origin")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	tree := tlog.Tree{N: size}
	demand(copy(tree.Hash[:], hash) == len(tree.Hash), "a hash of another length")
	return tree
}

// Our directory as x/mod's tiles: it says tile/8/0/000 where c2sp.org/tlog-tiles says tile/0/000.
type directory string

func (d directory) Height() int                     { return 8 }
func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}
func (d directory) path(tile tlog.Tile) string {
	return filepath.Join(string(d), strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), "/data/", "/entries/", 1))
}
func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(d.path(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(d directory, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := 256
		if size-n*256 < 256 {
			width = int(size - n*256)
		}
		data := read(d.path(tlog.Tile{H: 8, L: -1, N: n, W: width}))
		for i := 0; i < width; i++ {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
		demand(len(data) == 0, "a bundle goes on after its entries")
	}
	return all
}

func checkProofFile(text string, verifier note.Verifier, leaves [][]byte) {
	proof, checkpoint, found := strings.Cut(text, "\n\n")
	demand(found, "no checkpoint in the proof")
	lines := strings.Split(proof, "\n")
	demand(len(lines) > 1 && lines[0] == "c2sp.org/tlog-proof@v1", "another first line")
	if strings.HasPrefix(lines[1], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		path = append(path, hash)
	}
	tree := openTree([]byte(checkpoint), verifier)
	must(tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaves[index])))
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	must(err)
	d := directory(os.Args[2])
	tree := openTree(read(filepath.Join(os.Args[2], "checkpoint")), verifier)
	old := openTree(read(os.Args[3]), verifier)
	hashes := tlog.TileHashReader(tree, d)

	leaves := entries(d, tree.N)
	for i, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(i), hashes)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(leaf)))
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	must(err)
	must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	checkProofFile(string(read(os.Args[4])), verifier, leaves)
	fmt.Printf("%d entries, extends %d\n", tree.N, old.N)
}
