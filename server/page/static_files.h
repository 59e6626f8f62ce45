// Holds the files of the operator's page, which are compiled into the program. Values that live for ever.
#pragma once

#include <string_view>

namespace ruyi {

// Return page.html, page.css, page.js and icon.svg of this folder.
std::string_view PageHtml();
std::string_view PageCss();
std::string_view PageJs();
std::string_view PageIcon();

}  // namespace ruyi
