#include "storage/reader.hpp"

#include "base/ensure.hpp"
#include "base/named_thread.hpp"

namespace tern::storage {

void Reader::start(std::uint32_t threads, Listener& listener,
                   std::function<void(const std::string&)> failed) {
  ensure(threads_.empty(), "reader started twice");
  listener_ = &listener;
  failed_ = std::move(failed);
  for (std::uint32_t i = 0; i < threads; ++i)
    threads_.push_back(named_thread("read", [this] { run(); }));
}

void Reader::submit(const Request& request) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  requests_.push_back(request);
  changed_.notify_one();
}

void Reader::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Reader::run() {
  SharedCache cache;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (requests_.empty()) {
      lock.unlock();
      cache.clear();
      lock.lock();
      changed_.wait(lock, [&] { return stopping_ || !requests_.empty(); });
      continue;
    }
    const Request request = requests_.front();
    requests_.pop_front();
    lock.unlock();
    std::visit([&](const auto& any) { answer(any, cache); }, request);
    lock.lock();
  }
}

void Reader::answer(const ReadRequest& request, SharedCache& cache) {
  auto result = read_messages(database_, table_, inbox_, cache, request);
  if (result) {
    listener_->read_done(request.shard, std::move(*result));
  } else {
    failed_(result.error().text);
  }
}

void Reader::answer(const DueRequest& request, SharedCache&) {
  auto result = read_due(database_, table_, request);
  if (result) {
    listener_->due_read(request.shard, std::move(*result));
  } else {
    failed_(result.error().text);
  }
}

}  // namespace tern::storage
