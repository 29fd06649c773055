#include "outbox/relay.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "config/units.hpp"

namespace tern::outbox {

void Relay::run() {
  while (!stopping_.is_asked()) {
    const Turn ended = turn();
    if (ended == Turn::failed) {
      back_off();
      continue;
    }
    if (is_in_trouble_) log_info("outbox", "database and broker work again");
    is_in_trouble_ = false;
    delay_ = settings_.delay_min;
    if (ended == Turn::idle && !stopping_.is_asked()) table_.wait(settings_.poll);
  }
  log_info("outbox", "stopped sent={} failed={}", sent_, failed_);
}

Relay::Turn Relay::turn() {
  if (const auto connected = table_.connect(); !connected)
    return failed("database", connected.error().text);
  // Before rows are locked: while there is no broker, they are free for others.
  if (const auto connected = publisher_.connect(); !connected)
    return failed("broker", connected.error().text);
  const auto rows = table_.lock_rows(settings_.batch);
  if (!rows) return failed("database", rows.error().text);
  return rows->empty() ? Turn::idle : send(*rows);
}

Relay::Turn Relay::send(const std::vector<Row>& rows) {
  Batch batch(rows, settings_.deduplication_header);
  for (auto round = batch.next_round(); !round.empty(); round = batch.next_round())
    batch.take(publisher_.publish(std::move(round)));

  const Settlement& settlement = batch.settlement();
  if (settlement.is_empty()) {
    table_.roll_back();
  } else if (const auto settled = table_.settle(settlement); !settled) {
    return failed("database", settled.error().text);
  }
  sent_ += settlement.sent.size();
  failed_ += settlement.failed.size();
  log_debug("outbox", "batch sent={} failed={} deferred={}", settlement.sent.size(),
            settlement.failed.size(), settlement.deferred.size());
  static LogLimiter failures;
  for (const auto& failure : settlement.failed)
    log_limited(failures, LogLevel::warn, "outbox",
                "row marked as failed, correct it and set failed_at to NULL table={} id={}: {}",
                settings_.table, failure.id, failure.reason);
  static LogLimiter refusals;
  if (!settlement.deferred.empty())
    log_limited(refusals, LogLevel::warn, "outbox",
                "the broker refused rows, as a full queue does; they are tried again later "
                "rows={} first={}",
                settlement.deferred.size(), settlement.deferred.front());
  return batch.trouble().empty() ? Turn::sent : failed("broker", batch.trouble());
}

Relay::Turn Relay::failed(std::string_view where, const std::string& why) {
  log_warn("outbox", "{}: {}; trying again in {}", where, why, config::format_duration(delay_));
  is_in_trouble_ = true;
  return Turn::failed;
}

void Relay::back_off() {
  stopping_.pause(delay_);
  delay_ = std::min(delay_ * 2, settings_.delay_max);
}

}  // namespace tern::outbox
