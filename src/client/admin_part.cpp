#include "client/admin_part.hpp"

namespace tern::client {

void AdminPart::run(Task task) {
  tasks_.push_back(std::move(task));
  proceed();
}

void AdminPart::run_first(Task task) {
  tasks_.push_front(std::move(task));
  proceed();
}

void AdminPart::proceed() {
  while (!tasks_.empty() && !is_sent_) {
    Task& task = tasks_.front();
    if (task.answered == task.steps.size()) {
      finish_task();
      continue;
    }
    if (hub_.session == nullptr) return;
    if (channel_ == nullptr) channel_ = hub_.session->open_channel(*this, {});
    if (channel_ == nullptr) {
      task.first_error = {.code = make_error_code(errc::not_allowed), .text = "no channel is free"};
      finish_task();
      continue;
    }
    is_sent_ = true;
    for (std::size_t at = task.answered; at < task.steps.size(); ++at)
      task.steps[at].send(*channel_, [this](const Reply& reply) { answered(reply); });
  }
}

void AdminPart::answered(const Reply& reply) {
  // An error ends the channel and answers everything that was sent; only the first is told, in
  // channel_closed().
  if (reply.error != nullptr) return;
  Task& task = tasks_.front();
  const Step& step = task.steps[task.answered++];
  if (step.on_reply) step.on_reply(reply);
  if (task.answered < task.steps.size()) return;
  is_sent_ = false;
  proceed();
}

void AdminPart::channel_closed(const error_info& why) {
  channel_ = nullptr;
  if (!is_sent_) return;
  is_sent_ = false;
  Task& task = tasks_.front();
  const Step& step = task.steps[task.answered++];
  if (step.on_reply) step.on_reply({.error = &why});
  if (!task.first_error) task.first_error = why;
  if (task.stops_at_error) finish_task();
  proceed();
}

void AdminPart::finish_task() {
  const Task task = std::move(tasks_.front());
  tasks_.pop_front();
  if (task.on_done) task.on_done(task.first_error ? &task.first_error : nullptr);
}

void AdminPart::connected() {
  proceed();
}

void AdminPart::lost() {
  // What was sent and not answered is asked again: all of it may be asked twice.
  channel_ = nullptr;
  is_sent_ = false;
  std::erase_if(tasks_, [](const Task& task) { return task.is_recovery; });
}

void AdminPart::stop(const error_info& why) {
  channel_ = nullptr;
  is_sent_ = false;
  for (Task& task : std::exchange(tasks_, {}))
    if (task.on_done) task.on_done(&why);
}

}  // namespace tern::client
