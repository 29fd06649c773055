// libpq, loaded when it is needed. The broker is in the same program: linked with it, libpq and the
// eighteen libraries behind it would cost each start 30 ms and 4 MB of memory, and would have to be
// installed for nothing.
#pragma once

#include <libpq-fe.h>

#include "base/result.hpp"

namespace tern::outbox {

/// The functions of libpq that the relay calls, by their own names.
struct Libpq {
  decltype(&::PQclear) PQclear;
  decltype(&::PQconnectdbParams) PQconnectdbParams;
  decltype(&::PQconninfoFree) PQconninfoFree;
  decltype(&::PQconninfoParse) PQconninfoParse;
  decltype(&::PQconsumeInput) PQconsumeInput;
  decltype(&::PQdb) PQdb;
  decltype(&::PQerrorMessage) PQerrorMessage;
  decltype(&::PQexecParams) PQexecParams;
  decltype(&::PQfinish) PQfinish;
  decltype(&::PQfreemem) PQfreemem;
  decltype(&::PQgetlength) PQgetlength;
  decltype(&::PQgetvalue) PQgetvalue;
  decltype(&::PQhost) PQhost;
  decltype(&::PQnotifies) PQnotifies;
  decltype(&::PQntuples) PQntuples;
  decltype(&::PQport) PQport;
  decltype(&::PQresultErrorField) PQresultErrorField;
  decltype(&::PQresultErrorMessage) PQresultErrorMessage;
  decltype(&::PQresultStatus) PQresultStatus;
  decltype(&::PQsetClientEncoding) PQsetClientEncoding;
  decltype(&::PQsetNoticeProcessor) PQsetNoticeProcessor;
  decltype(&::PQsocket) PQsocket;
  decltype(&::PQstatus) PQstatus;
};

/// Loads it, once. Before anything else here; on the main thread.
[[nodiscard]] Result<void> load_libpq();
/// What has been loaded.
[[nodiscard]] const Libpq& pq() noexcept;

}  // namespace tern::outbox
