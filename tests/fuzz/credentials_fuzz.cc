// Any text given as what proves who somebody is: a JWT, a token, a file of tokens, the PEM files of a certificate.
#include <cstdlib>
#include <fstream>
#include <string>

#include "server/identity/jwt_verifier.h"
#include "server/identity/tls_files.h"
#include "server/identity/token_list.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

namespace {

// The public key of RFC 7515, appendix A.3, whose token there is one of the corpus.
constexpr char kKeys[] = R"({"keys": [{"kty": "EC", "crv": "P-256",
  "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

const ruyi::JwtVerifier& Verifier() {
  static const ruyi::MemoryFile keys(reinterpret_cast<const uint8_t*>(kKeys), sizeof(kKeys) - 1);
  static ruyi::JwtVerifier verifier({.jwks = keys.path().string(), .audience = "ruyi", .issuer = "joe"},
                                    ruyi::Clock::Real());
  static const absl::Status read = verifier.Reload();
  if (!read.ok())
    std::abort();
  return verifier;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (Verifier().Check(text).ok())
    std::abort();  // nobody has the private key, and the token of the RFC is for nobody
  const std::string_view id = ruyi::IdOfToken(text);
  if (!id.empty() && id.size() >= size)
    std::abort();
  const ruyi::MemoryFile file(data, size);
  const std::string path = file.path().string();
  ruyi::ReadTokens(path).status().IgnoreError();
  ruyi::ReadTlsFiles({.certificate = path, .key = path, .client_ca = path}, absl::FromUnixSeconds(1'800'000'000))
      .status()
      .IgnoreError();
  return 0;
}
