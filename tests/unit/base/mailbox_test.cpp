// Mailboxes: order, one wake-up per drain, the count of bytes.
#include "base/mailbox.hpp"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <thread>

using namespace tern;

TEST_CASE("what is pushed is drained in order, and wakes the receiver once") {
  int wakes = 0;
  Mailbox<int> mailbox([&] { ++wakes; });
  std::vector<int> none;
  mailbox.push(none, 5);
  CHECK(wakes == 0);
  std::vector<int> batch{1, 2};
  mailbox.push(batch, 10);
  CHECK(batch.empty());
  batch = {3};
  mailbox.push(batch, 1);
  CHECK(wakes == 1);
  CHECK(mailbox.bytes() == 11);
  std::vector<int> received;
  CHECK(mailbox.drain(received));
  CHECK(received == std::vector{1, 2, 3});
  CHECK(mailbox.bytes() == 0);
  CHECK_FALSE(mailbox.drain(received));
  batch = {4};
  mailbox.push(batch, 1);
  CHECK(wakes == 2);
}

TEST_CASE("no letter is lost between threads") {
  constexpr int senders = 4;
  constexpr int letters = 20'000;
  std::mutex mutex;
  std::condition_variable woken;
  bool is_awake = false;
  Mailbox<std::pair<int, int>> mailbox([&] {
    const std::scoped_lock lock(mutex);
    is_awake = true;
    woken.notify_one();
  });
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&mailbox, sender] {
      std::vector<std::pair<int, int>> batch;
      for (int letter = 0; letter < letters; ++letter) {
        batch.emplace_back(sender, letter);
        if (letter % 7 == 0) mailbox.push(batch, 1);
      }
      mailbox.push(batch, 1);
    });
  }
  std::vector<int> next(senders, 0);
  std::vector<std::pair<int, int>> received;
  int count = 0;
  bool in_order = true;
  while (count < senders * letters) {
    {
      std::unique_lock lock(mutex);
      woken.wait(lock, [&] { return is_awake; });
      is_awake = false;
    }
    received.clear();
    mailbox.drain(received);
    for (const auto& [sender, letter] : received) {
      in_order = in_order && letter == next[static_cast<std::size_t>(sender)]++;
      ++count;
    }
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(in_order);
}
