/* The yardstick: with_librabbitmq HOST PORT QUEUE MESSAGES BYTES WINDOW ACK_EVERY. Publishes with
 * confirms, at most WINDOW without one, then consumes with one acknowledgement for ACK_EVERY
 * messages. Prints messages per second of both. */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(int good, const char* what) {
  if (good) return;
  fprintf(stderr, "with_librabbitmq: %s failed\n", what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long confirmed_by_next_frame(amqp_connection_state_t connection, long confirmed) {
  amqp_frame_t frame;
  check(amqp_simple_wait_frame(connection, &frame) == AMQP_STATUS_OK, "wait_frame");
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
    return confirmed;
  const amqp_basic_ack_t* ack = frame.payload.method.decoded;
  amqp_maybe_release_buffers(connection);
  return ack->multiple ? (long)ack->delivery_tag : confirmed + 1;
}

static double publish(amqp_connection_state_t connection, const char* queue, long messages,
                      long bytes, long window) {
  char* body = calloc(1, (size_t)bytes + 1);
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                        .delivery_mode = 1};
  const amqp_bytes_t content = {(size_t)bytes, body};
  long confirmed = 0;
  const double start = now();
  for (long sent = 0; sent < messages; ++sent) {
    while (sent - confirmed >= window) confirmed = confirmed_by_next_frame(connection, confirmed);
    check(amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 0, 0,
                             &properties, content) == AMQP_STATUS_OK,
          "basic_publish");
  }
  while (confirmed < messages) confirmed = confirmed_by_next_frame(connection, confirmed);
  free(body);
  return (double)messages / (now() - start);
}

static double consume(amqp_connection_state_t connection, const char* queue, long messages,
                      long window, long ack_every) {
  amqp_basic_qos(connection, 1, 0, (uint16_t)window, 0);
  const double start = now();
  check(amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                           amqp_empty_table) != NULL,
        "basic_consume");
  for (long got = 1; got <= messages; ++got) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    check(amqp_consume_message(connection, &envelope, NULL, 0).reply_type == AMQP_RESPONSE_NORMAL,
          "consume_message");
    if (got % ack_every == 0 || got == messages)
      amqp_basic_ack(connection, 1, envelope.delivery_tag, ack_every > 1);
    amqp_destroy_envelope(&envelope);
  }
  return (double)messages / (now() - start);
}

int main(int count, char** arguments) {
  check(count == 8, "reading seven arguments");
  const char* queue = arguments[3];
  const long messages = strtol(arguments[4], NULL, 10);
  const long window = strtol(arguments[6], NULL, 10);
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(connection);
  const int port = (int)strtol(arguments[2], NULL, 10);
  check(amqp_socket_open(socket, arguments[1], port) == 0, "socket_open");
  check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest")
                .reply_type == AMQP_RESPONSE_NORMAL,
        "login");
  amqp_channel_open(connection, 1);
  amqp_queue_declare(connection, 1, amqp_cstring_bytes(queue), 0, 0, 0, 0, amqp_empty_table);
  amqp_confirm_select(connection, 1);
  check(amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL, "declaring");
  const double published =
      publish(connection, queue, messages, strtol(arguments[5], NULL, 10), window);
  const double consumed =
      consume(connection, queue, messages, window, strtol(arguments[7], NULL, 10));
  printf("%.0f %.0f\n", published, consumed);
  amqp_queue_delete(connection, 1, amqp_cstring_bytes(queue), 0, 0);
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
  return 0;
}
