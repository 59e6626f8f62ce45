// ruyi-server: see --help and docs/operations.md.
#include "server/app/component_factory.h"
#include "server/app/serve.h"

int main(int argc, char** argv) {
  return ruyi::ServeAsProgram(argc, argv, &ruyi::MakeComponents);
}
