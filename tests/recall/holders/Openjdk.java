// A key of OpenJDK's own providers in a PKCS #12 keystore, as servers and signing services load it; cores, and heap dumps by jcmd.
// recall-needs: openjdk-17-jdk-headless
// recall-version: openjdk-17-jre-headless
// recall-build: javac -d {build} {source}
// recall-run: env MALLOC_ARENA_MAX=1 java -Xmx48m -XX:ReservedCodeCacheSize=16m -XX:CompressedClassSpaceSize=16m -XX:+UseSerialGC -XX:-UsePerfData -cp {build} Openjdk {pkcs12}
// recall-also: hprof jcmd {pid} GC.heap_dump {dump}
// recall-kinds: rsa-2048 p-256 p-521 ed25519 ed448 dsa-2048

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;

final class Openjdk {
  private static KeyStore store;
  private static PrivateKey key;

  private static void load(String path) throws Exception {
    char[] password = "recall".toCharArray();
    store = KeyStore.getInstance("PKCS12");
    try (FileInputStream in = new FileInputStream(path)) {
      store.load(in, password);
    }
    key = (PrivateKey) store.getKey(store.aliases().nextElement(), password);
  }

  private static void sign() throws Exception {
    String name = switch (key.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      case "DSA" -> "SHA256withDSA";
      default -> "EdDSA";
    };
    Signature signature = Signature.getInstance(name);
    signature.initSign(key);
    signature.update("what is signed".getBytes());
    signature.sign();
  }

  public static void main(String[] args) throws Exception {
    load(args[0]);
    System.out.println("ok");
    BufferedReader words = new BufferedReader(new InputStreamReader(System.in));
    for (String word; (word = words.readLine()) != null;) {
      if (word.equals("sign")) {
        for (int i = 0; i < 3; i++) {
          sign();
        }
      } else {
        key = null;
        store = null;
        System.gc();
      }
      System.out.println("ok");
    }
  }
}
