// Cases of sdk_cases about publishers that are held back.
#pragma once

#include "cases.hpp"

namespace sdk {

void what_is_refused_is_published_later(const Target& target);

}  // namespace sdk
