// shown_name: what of a name that a dump brings may be shown. The one rule: a damaged or lying dump can put
// any bytes where a name belongs, a key's too, so only what looks like a path, an area or a module is shown
// at all.

#pragma once

#include <string>
#include <string_view>

namespace dumpgate {

// Printable text for a mapping's name: a path ("/usr/lib/libc.so.6", "C:\..."), an area in brackets
// ("[stack]"), or the name of a module's file ("app.exe"). In it runs as long as key material are replaced by
// "...": 32 hexadecimal or 40 base64 characters. "" for everything else: control characters, text that is not
// UTF-8, and components of more than 255 bytes included.
std::string shown_name(std::string_view name);

}  // namespace dumpgate
