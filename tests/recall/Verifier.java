// Verifies signatures by certificates, again and again, and holds no private key: Verifier TEXT (CERTIFICATE SIGNATURE)...

import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;

final class Verifier {
  public static void main(String[] args) throws Exception {
    byte[] text = Files.readAllBytes(Path.of(args[0]));
    for (int round = 0; round < 200; ++round) {
      for (int i = 1; i + 1 < args.length; i += 2) {
        verify(args[i], text, Files.readAllBytes(Path.of(args[i + 1])));
      }
    }
    System.out.println("ready");
    Thread.sleep(3_600_000);
  }

  private static void verify(String certificate, byte[] text, byte[] signed) throws Exception {
    try (FileInputStream in = new FileInputStream(certificate)) {
      PublicKey key = CertificateFactory.getInstance("X.509").generateCertificate(in).getPublicKey();
      Signature signature = Signature.getInstance(key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
      signature.initVerify(key);
      signature.update(text);
      if (!signature.verify(signed)) {
        throw new IllegalStateException("a signature is wrong");
      }
    }
  }
}
