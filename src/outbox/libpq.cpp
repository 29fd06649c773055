#include "outbox/libpq.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include "base/ensure.hpp"

namespace tern::outbox {
namespace {

// Its fifth interface is that of every PostgreSQL since 8.0.
constexpr const char* libpq_name = "libpq.so.5";

Libpq loaded_libpq;
bool is_libpq_loaded = false;

class SymbolLoader {
 public:
  explicit SymbolLoader(void* library) : library_(library) {}

  template <class Function>
  void load(Function& function, const char* name) {
    void* found = ::dlsym(library_, name);
    if (found == nullptr) missing_ = name;
    function = reinterpret_cast<Function>(found);
  }
  /// The name of one that is not there; nullptr if all are.
  [[nodiscard]] const char* missing() const noexcept { return missing_; }

 private:
  void* library_;
  const char* missing_ = nullptr;
};

void load_all(Libpq& into, SymbolLoader& loader) {
  loader.load(into.PQclear, "PQclear");
  loader.load(into.PQconnectdbParams, "PQconnectdbParams");
  loader.load(into.PQconninfoFree, "PQconninfoFree");
  loader.load(into.PQconninfoParse, "PQconninfoParse");
  loader.load(into.PQconsumeInput, "PQconsumeInput");
  loader.load(into.PQdb, "PQdb");
  loader.load(into.PQerrorMessage, "PQerrorMessage");
  loader.load(into.PQexecParams, "PQexecParams");
  loader.load(into.PQfinish, "PQfinish");
  loader.load(into.PQfreemem, "PQfreemem");
  loader.load(into.PQgetlength, "PQgetlength");
  loader.load(into.PQgetvalue, "PQgetvalue");
  loader.load(into.PQhost, "PQhost");
  loader.load(into.PQnotifies, "PQnotifies");
  loader.load(into.PQntuples, "PQntuples");
  loader.load(into.PQport, "PQport");
  loader.load(into.PQresultErrorField, "PQresultErrorField");
  loader.load(into.PQresultErrorMessage, "PQresultErrorMessage");
  loader.load(into.PQresultStatus, "PQresultStatus");
  loader.load(into.PQsetClientEncoding, "PQsetClientEncoding");
  loader.load(into.PQsetNoticeProcessor, "PQsetNoticeProcessor");
  loader.load(into.PQsocket, "PQsocket");
  loader.load(into.PQstatus, "PQstatus");
}

}  // namespace

Result<void> load_libpq() {
  if (is_libpq_loaded) return {};
  void* library = ::dlopen(libpq_name, RTLD_NOW);
  if (library == nullptr)
    return Error{
        fmt::format("libpq is needed and cannot be loaded: {}; on Debian it is the package "
                    "libpq5",
                    ::dlerror())};
  SymbolLoader loader(library);
  load_all(loaded_libpq, loader);
  if (loader.missing() != nullptr)
    return Error{fmt::format("{} has no {}; a newer one is needed", libpq_name, loader.missing())};
  is_libpq_loaded = true;
  return {};
}

const Libpq& pq() noexcept {
  ensure(is_libpq_loaded, "libpq is loaded before it is used");
  return loaded_libpq;
}

}  // namespace tern::outbox
