#include "client/standard_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>

#include "client/exit_code.h"

namespace ruyi::client {
namespace {

// Returns true when standard output is a pipe that nobody reads any more.
bool IsReaderGone() {
  pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

void ReserveStandardStreams() {
  int descriptor = -1;
  do {
    descriptor = open("/dev/null", O_RDONLY);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0)
    close(descriptor);
}

int FinishOutput(int exit_code) {
  std::cout.flush();
  if (std::cout.good() || IsReaderGone())
    return exit_code;
  std::cerr << "error: standard output cannot be written: at least a part of what was printed is lost" << std::endl;
  return exit_code == static_cast<int>(ExitCode::kDone) ? static_cast<int>(ExitCode::kLocalFile) : exit_code;
}

}  // namespace ruyi::client
