// Cases of sdk_cases about publishers that are held back, and about transactions.
#pragma once

#include "cases.hpp"

namespace sdk {

void what_is_refused_is_published_later(const Target& target);
void commits_are_all_or_nothing(const Target& target);

}  // namespace sdk
