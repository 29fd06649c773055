#include "outbox/batch.hpp"

#include <iterator>

#include "base/ensure.hpp"

namespace tern::outbox {
namespace {

enum class Verdict { sent, deferred, failed, channel_closed, lost };

// Codes with which a broker closes a channel because of one message, and keeps the connection.
bool closes_channel(const ternmq::error_code& error) {
  using ternmq::errc;
  for (const errc code : {errc::content_too_large, errc::access_refused, errc::not_found,
                          errc::resource_locked, errc::precondition_failed})
    if (error == code) return true;
  return false;
}

Verdict judge(const ternmq::outcome& outcome) {
  switch (outcome.what) {
    case ternmq::outcome::kind::confirmed:
      return Verdict::sent;
    case ternmq::outcome::kind::nacked:
      return Verdict::deferred;
    case ternmq::outcome::kind::returned:
      return Verdict::failed;
    case ternmq::outcome::kind::unknown:
      break;
  }
  if (outcome.error == ternmq::errc::invalid_argument) return Verdict::failed;
  return closes_channel(outcome.error) ? Verdict::channel_closed : Verdict::lost;
}

std::string reason_of(const ternmq::outcome& outcome) {
  if (outcome.what == ternmq::outcome::kind::returned)
    return "no queue took it: " + outcome.reply_text;
  if (!outcome.reply_text.empty()) return outcome.reply_text;
  return outcome.error.failed() ? outcome.error.message() : "the broker did not answer in time";
}

}  // namespace

Batch::Batch(const std::vector<Row>& rows, const std::string& deduplication_header) {
  for (const Row& row : rows) {
    auto message = to_message(row, deduplication_header);
    if (message)
      pending_.push_back({row.id, std::move(*message)});
    else
      settlement_.failed.push_back({row.id, message.error().text});
  }
}

std::vector<ternmq::message> Batch::next_round() {
  ensure(round_.empty(), "a round is asked for before the last one has its outcomes");
  if (!trouble_.empty()) return {};
  const std::size_t count = is_isolating_ && !pending_.empty() ? 1 : pending_.size();
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  round_.assign(std::make_move_iterator(pending_.begin()), std::make_move_iterator(end));
  pending_.erase(pending_.begin(), end);
  std::vector<ternmq::message> messages;
  messages.reserve(count);
  for (const Pending& row : round_) messages.push_back(row.message);
  return messages;
}

void Batch::take(const std::vector<ternmq::outcome>& outcomes) {
  ensure(outcomes.size() == round_.size(), "a round has one outcome for each message");
  const auto round = std::exchange(round_, {});
  for (std::size_t index = 0; index < round.size(); ++index)
    take_one(round[index], outcomes[index], round.size() == 1);
}

void Batch::take_one(const Pending& row, const ternmq::outcome& outcome, bool is_alone) {
  switch (judge(outcome)) {
    case Verdict::sent:
      settlement_.sent.push_back(row.id);
      return;
    case Verdict::deferred:
      settlement_.deferred.push_back(row.id);
      return;
    case Verdict::failed:
      settlement_.failed.push_back({row.id, reason_of(outcome)});
      return;
    case Verdict::channel_closed:
      if (is_alone) {
        settlement_.failed.push_back({row.id, reason_of(outcome)});
      } else {
        is_isolating_ = true;
        pending_.push_back(row);
      }
      return;
    case Verdict::lost:
      if (trouble_.empty()) trouble_ = reason_of(outcome);
      return;
  }
}

}  // namespace tern::outbox
