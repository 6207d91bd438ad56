// An RSACryptoServiceProvider of mono, which keeps its numbers in managed integers.
// recall-needs: mono-mcs mono-runtime
// recall-version: mono-runtime
// recall-build: mcs -out:{build}/program.exe {source}
// recall-run: mono {build}/program.exe {traditional_der}
// recall-kinds: rsa-2048

using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;

static class Holder {
  static RSACryptoServiceProvider key;

  // The INTEGERs of a PKCS #1 file, without zeros in front.
  static List<byte[]> Integers(byte[] der) {
    var found = new List<byte[]>();
    for (int at = 4; at < der.Length;) {
      int size = der[at + 1];
      at += 2;
      if ((size & 0x80) != 0) {
        int count = size & 0x7f;
        size = 0;
        while (count-- > 0) size = size << 8 | der[at++];
      }
      int zeros = size > 1 && der[at] == 0 ? 1 : 0;
      var number = new byte[size - zeros];
      Array.Copy(der, at + zeros, number, 0, number.Length);
      found.Add(number);
      at += size;
    }
    return found;
  }

  static void Load(string path) {
    var n = Integers(File.ReadAllBytes(path));
    key = new RSACryptoServiceProvider();
    key.ImportParameters(new RSAParameters { Modulus = n[1], Exponent = n[2], D = n[3], P = n[4], Q = n[5], DP = n[6], DQ = n[7], InverseQ = n[8] });
  }

  static void Main(string[] args) {
    Load(args[0]);
    Console.WriteLine("ok");
    for (string word; (word = Console.ReadLine()) != null;) {
      if (word == "sign") {
        for (int i = 0; i < 3; i++) key.SignData(new byte[] { 1, 2, 3 }, "SHA256");
      } else {
        key.Dispose();
        key = null;
        GC.Collect();
      }
      Console.WriteLine("ok");
    }
  }
}
