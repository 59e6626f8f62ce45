// Leaves libjpeg and libpng when they give up: both want a callback that never returns. Used by the codecs beside it.
// Not thread-safe: each file that is being read needs its own.
#pragma once

#include <csetjmp>

namespace ruyi {

class LibraryEscape {
 public:
  // Runs `step`, which calls the library. Returns false when the library gave up, that is when Leave was called below
  // `step`. `step` must own nothing that a destructor frees: its frame is left without one (C11, 7.13.2.1).
  template <typename Step>
  [[gnu::noinline]] bool Run(const Step& step) {
    if (setjmp(jump_) != 0)
      return false;
    step();
    return true;
  }

  // Goes back to Run. Only the library's callback may call it.
  [[noreturn]] void Leave() { std::longjmp(jump_, 1); }

 private:
  std::jmp_buf jump_;
};

}  // namespace ruyi
