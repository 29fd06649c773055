// TernMQ's client for AMQP 0-9-1 brokers: TernMQ, RabbitMQ and their like. This header is all of
// it but back_pressure.hpp; connection.hpp is where to begin reading.
//
// The namespace is ternmq: what one includes (ternmq/...), links (ternmq::client) and writes is one
// word. Names are lower case as in Asio and the standard library, which surround them in user code.
#pragma once

#include "ternmq/blocking.hpp"
#include "ternmq/connection.hpp"
#include "ternmq/consumer.hpp"
#include "ternmq/delivery.hpp"
#include "ternmq/error.hpp"
#include "ternmq/message.hpp"
#include "ternmq/options.hpp"
#include "ternmq/publisher.hpp"
#include "ternmq/rpc.hpp"
#include "ternmq/table.hpp"
#include "ternmq/topology.hpp"
