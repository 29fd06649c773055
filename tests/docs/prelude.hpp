// What the C++ blocks of the documentation may take for granted, besides the client itself:
// check.py makes each block that is no whole program the body of a coroutine with these two
// parameters, as docs/getting-started.md tells its readers:
//
//   asio::awaitable<void> block(ternmq::connection& connection,
//                               ternmq::blocking::connection& broker) { … }
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <string>
#include <ternmq/back_pressure.hpp>
#include <ternmq/processed_ids.hpp>
#include <ternmq/ternmq.hpp>

namespace asio = boost::asio;
using asio::use_awaitable;
using namespace std::chrono_literals;

// What docs/outbox.md leaves to its readers: their database, and an effect in it.
using PGconn = pg_conn;
extern PGconn* database;
void run(PGconn* connection, const std::string& statement);
void ship(const ternmq::delivery& order, PGconn* connection);
