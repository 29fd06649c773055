// What the compaction filter may take for dead, and when not yet.
#include "storage/stream_table.hpp"

#include <catch2/catch.hpp>

using namespace tern;
using namespace tern::storage;

namespace {

constexpr auto queue = static_cast<QueueId>(5);
constexpr Stream stored = stream_of(queue, false);
constexpr Stream spilled = stream_of(queue, true);

Delta appended(CommitId commit, Epoch epoch, Position first, Position last,
               bool is_spilled = false) {
  Delta delta;
  delta.commit = commit;
  delta.epoch = epoch;
  delta.appended.push_back({.queue = queue,
                            .epoch = epoch,
                            .first = first,
                            .last = last,
                            .count = last - first + 1,
                            .bytes = (last - first + 1) * 100,
                            .spilled = is_spilled});
  return delta;
}

Delta settled(CommitId commit, Epoch epoch, Position first, Position last, std::uint64_t count) {
  Delta delta;
  delta.commit = commit;
  delta.epoch = epoch;
  delta.settled.push_back({queue, first, last, count, count * 100, count * 50, false});
  return delta;
}

}  // namespace

TEST_CASE("a block whose commit has not been applied is not dead") {
  StreamTable table;
  CHECK_FALSE(table.is_dead(stored, 0, 1, 10));  // nothing is, while recovering
  table.begin_run(1, 0);
  // Written in epoch 1, on its way to the table: the queue is not known yet.
  CHECK_FALSE(table.is_dead(stored, 1, 1, 10));
  table.apply_durable(appended(1, 1, 1, 10));
  CHECK_FALSE(table.is_dead(stored, 1, 1, 10));
  CHECK_FALSE(table.is_dead(stored, 1, 11, 20));  // the next commit's
  table.apply_durable(settled(2, 1, 1, 11, 10));
  CHECK(table.is_dead(stored, 1, 1, 10));
  CHECK_FALSE(table.is_dead(stored, 1, 11, 20));
  CHECK_FALSE(table.is_epoch_dead(1));
  // A commit of the next epoch has been applied, so all of this one's have.
  table.apply_durable(appended(3, 2, 21, 30));
  CHECK(table.is_epoch_dead(1));
  CHECK(table.is_dead(stored, 1, 11, 20));
  CHECK_FALSE(table.is_dead(stored, 2, 21, 30));
}

TEST_CASE("an epoch is dead only if what is left of it is known for certain") {
  StreamTable table;
  table.begin_run(1, 0);
  table.apply_durable(appended(1, 1, 1, 10));
  Delta sparse = appended(2, 2, 11, 30);
  sparse.appended[0].count = 4;  // most of the positions are not stored
  table.apply_durable(sparse);
  table.apply_durable(appended(3, 3, 31, 40));
  // 2 to 10, and three of epoch 2: but nobody says how many of the 12 lie in which.
  table.apply_durable(settled(4, 3, 2, 30, 12));
  CHECK_FALSE(table.is_epoch_dead(1));
  CHECK_FALSE(table.is_epoch_dead(2));
  Delta mark;
  mark.commit = 7;
  mark.epoch = 3;
  mark.marks.push_back({queue, 30, 30});
  table.apply_durable(mark);
  CHECK(table.is_epoch_dead(1));
  CHECK_FALSE(table.is_epoch_dead(2));
}

TEST_CASE("spilled messages of former runs are dead, those of this run are not") {
  StreamTable table;
  table.begin_run(7, 0);
  CHECK(table.is_dead(spilled, 6, 1, 10));
  CHECK_FALSE(table.is_dead(spilled, 7, 1, 10));
  table.apply_spilled(appended(1, 7, 1, 10, true));
  table.apply_durable(appended(2, 8, 11, 12));
  CHECK_FALSE(table.is_dead(spilled, 7, 1, 10));
  CHECK_FALSE(table.is_epoch_dead(7));
}

TEST_CASE("a dropped queue's blocks are dead once its epoch is closed") {
  StreamTable table;
  table.begin_run(1, 0);
  table.apply_durable(appended(1, 1, 1, 10));
  Delta drop;
  drop.commit = 2;
  drop.epoch = 1;
  drop.dropped.push_back(queue);
  table.apply_durable(drop);
  CHECK_FALSE(table.is_dead(stored, 1, 1, 10));
  Delta next;
  next.commit = 3;
  next.epoch = 2;
  table.apply_durable(next);
  CHECK(table.is_dead(stored, 1, 1, 10));
  CHECK(table.is_epoch_dead(1));
  // It is listed as changed, so that its record is deleted once more.
  CommitId applied = 0;
  CHECK(table.take_changed(applied) == std::vector<QueueId>{queue});
  CHECK(applied == 3);
}
