# A key of Ruby's openssl library, read from PEM.
# recall-needs: ruby
# recall-version: libruby3.1
# recall-run: ruby {source} {pkcs8_pem}
# recall-kinds: rsa-2048 p-256 ed25519

require 'openssl'

$stdout.sync = true
key = OpenSSL::PKey.read(File.read(ARGV.fetch(0)))
puts 'ok'
while (word = $stdin.gets)
  if word.start_with?('sign')
    digest = key.oid == 'ED25519' ? nil : 'SHA256'
    3.times { key.sign(digest, 'what is signed') }
  else
    key = nil
    GC.start
  end
  puts 'ok'
end
