// Brings the messages of libraries (libpng, libjpeg, FFmpeg, OpenCV) into the program's log. Before it: a library's
// callback for messages, which would otherwise write plain lines to standard error. After it: the function that the
// program gave. Thread-safe.
#pragma once

#include <functional>
#include <string_view>

namespace ruyi {

// Takes one message: the library's name ("libpng") and one line of text without its end. May be called on any thread,
// and on several at once.
using LibraryLog = std::function<void(std::string_view library, std::string_view message)>;

// Sets where messages go from now on, in the whole process. An empty function discards them, as it is at the start. A
// message that is under way on another thread may still reach the function that was set before.
void SetLibraryLog(LibraryLog log);

// Gives a message of a library to the function that was set. Blank space at the end of the message is left out; a
// message of nothing else is discarded.
void LogFromLibrary(std::string_view library, std::string_view message);

}  // namespace ruyi
