'use strict';
// The common list of client cases, run with npm amqplib. Usage: node cases.js AMQP_URL

const assert = require('node:assert/strict');
const amqp = require('amqplib');
const { run } = require('./harness');

const url = process.argv[2];
const name = (what) => `amqplib-${what}-${process.pid}`;

/** Resolves with the next value that `start(resolve)` produces, or rejects after 10 s. */
function next(start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('nothing came in 10 s')), 10000);
    start((value) => { clearTimeout(timer); resolve(value); });
  });
}

/** Collects deliveries of a consumer; take() resolves with the next one. */
async function collector(channel, queue, options) {
  const ready = [], waiting = [];
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (waiting.length) waiting.shift()(message); else ready.push(message);
  }, options);
  return { consumerTag, ready,
    take: () => next((resolve) => ready.length ? resolve(ready.shift()) : waiting.push(resolve)) };
}

const cases = {
  async 'wrong password is refused'() {
    const wrong = url.replace('guest:guest', 'guest:wrong');
    await assert.rejects(amqp.connect(wrong), /403|ACCESS.REFUSED/i);
  },

  async 'unknown vhost is refused'() {
    await assert.rejects(amqp.connect(url.replace(/\/$/, '/nope')), /ConnectionClose/);
  },

  async 'declare, bind, publish, confirm, consume, ack'(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('x'), queue = name('q');
    await channel.assertExchange(exchange, 'topic', { durable: true });
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, exchange, 'order.*');
    for (let i = 0; i < 100; i++) {
      channel.publish(exchange, 'order.new', Buffer.from(`${i}`), { persistent: true });
    }
    await channel.waitForConfirms();
    const consumer = await collector(channel, queue);
    for (let i = 0; i < 100; i++) {
      const message = await consumer.take();
      assert.equal(message.content.toString(), `${i}`);
      assert.equal(message.fields.routingKey, 'order.new');
      assert.equal(message.properties.deliveryMode, 2);
      channel.ack(message);
    }
    await channel.cancel(consumer.consumerTag);
    assert.equal((await channel.deleteQueue(queue)).messageCount, 0);
    await channel.deleteExchange(exchange);
  },

  async 'nack with requeue comes again, nack without is dropped'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('again'));
    channel.sendToQueue(queue, Buffer.from('last'));
    const consumer = await collector(channel, queue);
    const first = await consumer.take(), last = await consumer.take();
    assert.equal(first.fields.redelivered, false);
    channel.nack(first, false, true);
    const again = await consumer.take();
    assert.equal(again.content.toString(), 'again');
    assert.equal(again.fields.redelivered, true);
    channel.nack(again, false, false);
    channel.reject(last, false);
    await channel.cancel(consumer.consumerTag);
    assert.equal((await channel.checkQueue(queue)).messageCount, 0);
  },

  async 'get'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    assert.equal(await channel.get(queue), false);
    for (const text of ['a', 'b']) channel.sendToQueue(queue, Buffer.from(text));
    const message = await channel.get(queue);
    assert.equal(message.content.toString(), 'a');
    assert.equal(message.fields.messageCount, 1);
    channel.ackAll();
    assert.equal((await channel.get(queue, { noAck: true })).content.toString(), 'b');
    assert.equal(await channel.get(queue), false);
  },

  async 'mandatory message without a route is returned'(connection) {
    const channel = await connection.createConfirmChannel();
    const returned = next((resolve) => channel.once('return', resolve));
    channel.publish('amq.direct', 'nowhere', Buffer.from('back'), { mandatory: true });
    await channel.waitForConfirms();
    const message = await returned;
    assert.equal(message.content.toString(), 'back');
    assert.equal(message.fields.replyText, 'NO_ROUTE');
  },

  async 'a missing exchange closes the channel, not the connection'(connection) {
    const channel = await connection.createChannel();
    const failed = next((resolve) => channel.once('error', resolve));
    channel.publish(name('missing'), 'k', Buffer.from('x'));
    assert.equal((await failed).code, 404);
    await assert.rejects((await quiet(connection)).checkQueue(name('missing')), /NOT_FOUND/);
    await (await connection.createChannel()).close();
  },

  async 'an exclusive queue is locked to others and goes with its connection'(connection) {
    const owner = await amqp.connect(url), queue = name('exclusive');
    await (await owner.createChannel()).assertQueue(queue, { exclusive: true });
    await assert.rejects((await quiet(connection)).assertQueue(queue), /RESOURCE_LOCKED/);
    await owner.close();
    await assert.rejects((await quiet(connection)).checkQueue(queue), /NOT_FOUND/);
  },

  async 'call and answer by direct reply-to'(connection) {
    const server = await connection.createChannel(), client = await connection.createChannel();
    const { queue } = await server.assertQueue('', { exclusive: true });
    await server.consume(queue, (message) => {
      server.sendToQueue(message.properties.replyTo, Buffer.from(`${message.content} back`),
        { correlationId: message.properties.correlationId });
      server.ack(message);
    });
    const replies = await collector(client, 'amq.rabbitmq.reply-to', { noAck: true });
    for (const id of ['1', '2']) {
      client.sendToQueue(queue, Buffer.from(`call ${id}`),
        { replyTo: 'amq.rabbitmq.reply-to', correlationId: id });
      const reply = await replies.take();
      assert.equal(reply.content.toString(), `call ${id} back`);
      assert.equal(reply.properties.correlationId, id);
    }
  },

  async 'prefetch holds deliveries back'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.prefetch(2);
    for (const text of 'abcd') channel.sendToQueue(queue, Buffer.from(text));
    const consumer = await collector(channel, queue);
    const first = await consumer.take();
    await consumer.take();
    await channel.checkExchange('amq.direct');
    assert.equal(consumer.ready.length, 0);
    channel.ack(first);
    assert.equal((await consumer.take()).content.toString(), 'c');
  },

  async 'a body of 1 MiB'(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const body = Buffer.alloc(1 << 20, 'large body ');
    channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    assert.ok((await channel.get(queue, { noAck: true })).content.equals(body));
  },

  async 'headers of all types'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const headers = {
      text: 'é☃', yes: true, no: false, small: 1, negative: -70000, large: 2 ** 40, half: 0.5,
      nothing: null, list: [1, 'two', [true]], table: { inner: { deep: 'x' } },
      raw: Buffer.from([0, 1, 255]), time: { '!': 'timestamp', value: 1700000000 },
      byte: { '!': 'byte', value: 5 }, float: { '!': 'float', value: 0.25 },
    };
    channel.sendToQueue(queue, Buffer.from('x'), { headers, contentType: 'text/plain',
      priority: 3, messageId: 'm', timestamp: 1700000001, type: 't', appId: 'a', userId: 'guest' });
    const message = await channel.get(queue, { noAck: true });
    const { time, byte, float, ...plain } = message.properties.headers;
    const { time: t, byte: b, float: f, ...sent } = headers;
    assert.deepEqual(plain, sent);
    assert.deepEqual([time, byte, float], [t, b.value, f.value]);
    assert.equal(message.properties.userId, 'guest');
    assert.equal(message.properties.timestamp, 1700000001);
  },

  async 'a deleted queue tells its consumer'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue(name('deleted'));
    const consumer = await collector(channel, queue);
    await (await connection.createChannel()).deleteQueue(queue);
    assert.equal(await consumer.take(), null);
  },

  async 'heartbeats keep an idle connection'() {
    const connection = await amqp.connect(`${url}?heartbeat=1`);
    let failure = null;
    connection.on('error', (error) => { failure = error; });
    await new Promise((resolve) => setTimeout(resolve, 4000));  // Idleness is what is tested.
    const channel = await connection.createChannel();
    await channel.checkExchange('amq.direct');
    assert.equal(failure, null);
    await connection.close();
  },

  async 'a channel with frame_max 4096'() {
    const connection = await amqp.connect(`${url}?frameMax=4096&channelMax=10`);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.alloc(10000, 'x'));
    await channel.waitForConfirms();
    assert.equal((await channel.get(queue)).content.length, 10000);
    await connection.close();
  },
};

/** A channel whose errors are expected; amqplib would throw them as unhandled events. */
async function quiet(connection) {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel;
}

run(cases, () => amqp.connect(url));
