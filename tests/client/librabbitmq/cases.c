// The common list of client cases, run with librabbitmq (C). Usage: cases PORT
// One connection per case; a failing check prints its line and ends the case.

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static jmp_buf case_end;
static int port;

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      printf("    line %d: not true: %s\n", __LINE__, #condition); \
      longjmp(case_end, 1);                                        \
    }                                                              \
  } while (0)

static amqp_bytes_t text(const char* value) {
  return amqp_cstring_bytes(value);
}

static int is_normal(amqp_connection_state_t c) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(c);
  return reply.reply_type == AMQP_RESPONSE_NORMAL;
}

// The reply code of the channel.close or connection.close that the last call was answered with.
static int error_code(amqp_rpc_reply_t reply) {
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return 0;
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
    return ((amqp_channel_close_t*)reply.reply.decoded)->reply_code;
  return ((amqp_connection_close_t*)reply.reply.decoded)->reply_code;
}

static amqp_connection_state_t connect_with(const char* password, int frame_max, int heartbeat,
                                            amqp_rpc_reply_t* reply) {
  amqp_connection_state_t c = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(c);
  struct timeval limit = {10, 0};
  CHECK(amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK);
  amqp_set_rpc_timeout(c, &limit);
  *reply = amqp_login(c, "/", 0, frame_max, heartbeat, AMQP_SASL_METHOD_PLAIN, "guest", password);
  return c;
}

static amqp_connection_state_t connect_open(void) {
  amqp_rpc_reply_t reply;
  amqp_connection_state_t c = connect_with("guest", 131072, 0, &reply);
  CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL);
  CHECK(amqp_channel_open(c, 1) != NULL);
  return c;
}

static amqp_bytes_t exclusive_queue(amqp_connection_state_t c) {
  amqp_queue_declare_ok_t* ok =
      amqp_queue_declare(c, 1, amqp_empty_bytes, 0, 0, 1, 0, amqp_empty_table);
  CHECK(ok != NULL);
  return amqp_bytes_malloc_dup(ok->queue);
}

static void publish(amqp_connection_state_t c, amqp_bytes_t queue, amqp_bytes_t body) {
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                        .delivery_mode = 2};
  CHECK(amqp_basic_publish(c, 1, amqp_empty_bytes, queue, 0, 0, &properties, body) == 0);
}

static amqp_envelope_t take(amqp_connection_state_t c) {
  amqp_envelope_t envelope;
  struct timeval limit = {10, 0};
  CHECK(amqp_consume_message(c, &envelope, &limit, 0).reply_type == AMQP_RESPONSE_NORMAL);
  return envelope;
}

static int same(amqp_bytes_t bytes, const char* value) {
  return bytes.len == strlen(value) && memcmp(bytes.bytes, value, bytes.len) == 0;
}

static void close_connection(amqp_connection_state_t c) {
  CHECK(amqp_connection_close(c, AMQP_REPLY_SUCCESS).reply_type == AMQP_RESPONSE_NORMAL);
  CHECK(amqp_destroy_connection(c) == AMQP_STATUS_OK);
}

static void wrong_password(void) {
  amqp_rpc_reply_t reply;
  amqp_connection_state_t c = connect_with("wrong", 131072, 0, &reply);
  CHECK(error_code(reply) == 403);
  amqp_destroy_connection(c);
}

static void publish_confirm_consume_ack(void) {
  amqp_connection_state_t c = connect_open();
  amqp_bytes_t queue = exclusive_queue(c);
  CHECK(amqp_confirm_select(c, 1) != NULL);
  publish(c, queue, text("first"));
  amqp_method_t method;
  CHECK(amqp_simple_wait_method(c, 1, AMQP_BASIC_ACK_METHOD, &method) == AMQP_STATUS_OK);
  CHECK(((amqp_basic_ack_t*)method.decoded)->delivery_tag == 1);
  CHECK(amqp_basic_qos(c, 1, 0, 1, 0) != NULL);
  CHECK(amqp_basic_consume(c, 1, queue, amqp_empty_bytes, 0, 0, 0, amqp_empty_table) != NULL);
  amqp_envelope_t got = take(c);
  CHECK(same(got.message.body, "first") && !got.redelivered);
  CHECK(amqp_basic_nack(c, 1, got.delivery_tag, 0, 1) == 0);
  amqp_destroy_envelope(&got);
  got = take(c);
  CHECK(same(got.message.body, "first") && got.redelivered);
  CHECK(amqp_basic_ack(c, 1, got.delivery_tag, 0) == 0);
  amqp_destroy_envelope(&got);
  amqp_queue_delete_ok_t* ok = amqp_queue_delete(c, 1, queue, 0, 0);
  CHECK(ok != NULL && ok->message_count == 0);
  close_connection(c);
}

static void transaction_and_get(void) {
  amqp_connection_state_t c = connect_open();
  amqp_bytes_t queue = exclusive_queue(c);
  amqp_message_t message;
  CHECK(amqp_tx_select(c, 1) != NULL);
  publish(c, queue, text("no"));
  CHECK(amqp_tx_rollback(c, 1) != NULL);
  CHECK(amqp_basic_get(c, 1, queue, 1).reply.id == AMQP_BASIC_GET_EMPTY_METHOD);
  publish(c, queue, text("yes"));
  CHECK(amqp_tx_commit(c, 1) != NULL);
  CHECK(amqp_basic_get(c, 1, queue, 1).reply.id == AMQP_BASIC_GET_OK_METHOD);
  CHECK(amqp_read_message(c, 1, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
  CHECK(same(message.body, "yes"));
  close_connection(c);
}

static void mandatory_return(void) {
  amqp_connection_state_t c = connect_open();
  amqp_method_t method;
  CHECK(amqp_basic_publish(c, 1, text("amq.direct"), text("nowhere"), 1, 0, NULL, text("x")) == 0);
  CHECK(amqp_simple_wait_method(c, 1, AMQP_BASIC_RETURN_METHOD, &method) == AMQP_STATUS_OK);
  CHECK(((amqp_basic_return_t*)method.decoded)->reply_code == 312);
  amqp_message_t message;
  CHECK(amqp_read_message(c, 1, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
  CHECK(same(message.body, "x"));
  close_connection(c);
}

static void channel_error(void) {
  amqp_connection_state_t c = connect_open();
  amqp_queue_declare(c, 1, text("librabbitmq-missing"), 1, 0, 0, 0, amqp_empty_table);
  CHECK(error_code(amqp_get_rpc_reply(c)) == 404);
  CHECK(amqp_channel_open(c, 2) != NULL && is_normal(c));
  close_connection(c);
}

static void large_body_in_small_frames(void) {
  amqp_rpc_reply_t reply;
  amqp_connection_state_t c = connect_with("guest", 4096, 0, &reply);
  CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL && amqp_channel_open(c, 1) != NULL);
  amqp_bytes_t queue = exclusive_queue(c), body = amqp_bytes_malloc(1 << 20);
  for (size_t i = 0; i < body.len; i++) ((unsigned char*)body.bytes)[i] = (unsigned char)(i * 7);
  publish(c, queue, body);
  CHECK(amqp_basic_consume(c, 1, queue, amqp_empty_bytes, 0, 1, 0, amqp_empty_table) != NULL);
  amqp_envelope_t got = take(c);
  CHECK(got.message.body.len == body.len);
  CHECK(memcmp(got.message.body.bytes, body.bytes, body.len) == 0);
  close_connection(c);
}

static void headers(void) {
  amqp_connection_state_t c = connect_open();
  amqp_bytes_t queue = exclusive_queue(c);
  amqp_table_entry_t entries[3] = {
      {.key = text("text"), .value = {.kind = AMQP_FIELD_KIND_UTF8}},
      {.key = text("number"), .value = {.kind = AMQP_FIELD_KIND_I32}},
      {.key = text("yes"), .value = {.kind = AMQP_FIELD_KIND_BOOLEAN}},
  };
  entries[0].value.value.bytes = text("value");
  entries[1].value.value.i32 = -70000;
  entries[2].value.value.boolean = 1;
  amqp_basic_properties_t sent = {._flags = AMQP_BASIC_HEADERS_FLAG};
  sent.headers = (amqp_table_t){3, entries};
  CHECK(amqp_basic_publish(c, 1, amqp_empty_bytes, queue, 0, 0, &sent, text("x")) == 0);
  CHECK(amqp_basic_consume(c, 1, queue, amqp_empty_bytes, 0, 1, 0, amqp_empty_table) != NULL);
  amqp_envelope_t got = take(c);
  amqp_table_t table = got.message.properties.headers;
  CHECK(table.num_entries == 3);
  CHECK(table.entries[1].value.kind == AMQP_FIELD_KIND_I32);
  CHECK(table.entries[1].value.value.i32 == -70000);
  close_connection(c);
}

static void heartbeat(void) {
  amqp_rpc_reply_t reply;
  amqp_connection_state_t c = connect_with("guest", 131072, 1, &reply);
  CHECK(reply.reply_type == AMQP_RESPONSE_NORMAL && amqp_channel_open(c, 1) != NULL);
  amqp_bytes_t queue = exclusive_queue(c);
  CHECK(amqp_basic_consume(c, 1, queue, amqp_empty_bytes, 0, 1, 0, amqp_empty_table) != NULL);
  amqp_envelope_t envelope;
  struct timeval idle = {4, 0};
  reply = amqp_consume_message(c, &envelope, &idle, 0);
  CHECK(reply.library_error == AMQP_STATUS_TIMEOUT);
  publish(c, queue, text("still here"));
  CHECK(same(take(c).message.body, "still here"));
  close_connection(c);
}

int main(int count, char** arguments) {
  static const struct {
    const char* title;
    void (*run)(void);
  } cases[] = {{"wrong password", wrong_password},
               {"publish, confirm, consume, nack, ack", publish_confirm_consume_ack},
               {"transaction, get", transaction_and_get},
               {"mandatory return", mandatory_return},
               {"channel error", channel_error},
               {"body of 1 MiB in frames of 4096", large_body_in_small_frames},
               {"headers", headers},
               {"heartbeat", heartbeat}};
  volatile int failed = 0;
  const int total = (int)(sizeof(cases) / sizeof(cases[0]));
  if (count != 2) return 2;
  port = (int)strtol(arguments[1], NULL, 10);
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (volatile int i = 0; i < total; i++) {
    if (setjmp(case_end) == 0) {
      cases[i].run();
      printf("ok   %s\n", cases[i].title);
    } else {
      failed++;
      printf("FAIL %s\n", cases[i].title);
    }
  }
  printf("%d passed, %d failed\n", total - failed, failed);
  return failed ? 1 : 0;
}
