#include "broker/users.hpp"

namespace tern::broker {

std::string_view to_text(Permission permission) noexcept {
  switch (permission) {
    case Permission::configure:
      return "configure";
    case Permission::write:
      return "write";
    case Permission::read:
      return "read";
  }
  return "unknown";
}

}  // namespace tern::broker
