// The loop of a holder in C or C++: answers "ok", and obeys `sign` and `free`. The one rule: it allocates
// nothing, so that the heap stays as the library left it.

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Ends the program with a message unless `condition` holds.
static inline void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "failed: %s\n", what);
  exit(1);
}

static inline void answer(void) { require(write(1, "ok\n", 3) == 3, "answer"); }

// Obeys standard input to its end. `sign` is called three times a word.
static inline void serve(void (*sign)(void), void (*release)(void)) {
  char word[8];
  answer();
  for (;;) {
    const ssize_t got = read(0, word, sizeof word);
    if (got <= 0) return;
    if (word[0] == 's') {
      for (int i = 0; i < 3; ++i) sign();
    } else if (word[0] == 'f') {
      release();
    }
    answer();
  }
}

static const unsigned char message[] = "what is signed by every holder: 48 bytes long...";
enum { message_bytes = 48 };

// The whole of a file of at most 16 KiB, closed by a zero byte; one file at a time.
static inline unsigned char* read_file(const char* path, size_t* size) {
  static unsigned char bytes[16384];  // not in the heap, wiped by forget_file()
  FILE* file = fopen(path, "rb");
  require(file != NULL, path);
  setvbuf(file, NULL, _IONBF, 0);
  *size = fread(bytes, 1, sizeof bytes - 1, file);
  fclose(file);
  bytes[*size] = 0;
  return bytes;
}

// Wipes what read_file() gave.
static inline void forget_file(unsigned char* bytes, size_t size) { explicit_bzero(bytes, size); }
